package hq

import (
	"context"
	"fmt"
	"net/http"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/folder"
	"marz/program"
	"marz/web/registers"
)

// asking is a program's request to this headquarters.
type asking = api.Request[Actor]

// apiVersion is that of the interface's document: it grows with what is offered.
const apiVersion = "1.0.0"

// apiRoutes are the operations of the interface that a headquarters has. None gives anything about a person.
func (h *HQ) apiRoutes() []api.Route[Actor] {
	return []api.Route[Actor]{
		api.GetNode(h.apiNode), api.GetClient(h.apiClient), api.GetHealth(func(q *asking) (api.Health, error) { return h.apiHealth(q.Context()), nil }),
		api.OfAnyJournal(api.GetHead(h.apiHead)), api.OfAnyJournal(api.GetEntries(h.apiEntries)), api.OfAnyJournal(api.GetEntry(h.apiEntry)), api.OfAnyJournal(api.GetProof(h.apiProof)),
		api.GetNodes(h.apiNodes), api.GetNationCounts(h.apiCounts), api.GetReleases(h.apiReleases),
		api.GetRegister(h.apiRegister), api.AddInstruments(h.apiInstruments),
	}
}

// api makes the interface for other programs.
func (h *HQ) api() *api.Server[Actor] {
	return api.New(api.Config[Actor]{Node: "headquarters", Version: apiVersion, Routes: h.apiRoutes(), Caller: h.Program, May: h.mayProgram, Digest: h.keyed, Done: h.requested, Failed: h.Health, Log: h.opts.Log})
}

// keyed makes digests by a key that all nodes of the headquarters have.
func (h *HQ) keyed(what string, parts ...string) string {
	return folder.Keyed(h.index.Key, "marz/hq/"+what, parts...)
}

// OpenAPI returns the document of the interface that headquarters have.
func OpenAPI() []byte {
	h := &HQ{}
	return api.New(api.Config[Actor]{Node: "headquarters", Version: apiVersion, Routes: h.apiRoutes()}).Document()
}

// apiHandler serves the interface, and what monitoring reads, to programs with certificates.
func (h *HQ) apiHandler() http.Handler {
	s := h.api()
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.Handle("GET /metrics", s.Guard(marz.ActReadJournal, h.metrics.handler()))
	mux.Handle("GET /healthz", s.Guard(marz.ActReadJournal, http.HandlerFunc(h.healthz)))
	return h.metrics.counted("programs", mux)
}

// healthz is /healthz for programs: 503 where the node cannot serve.
func (h *HQ) healthz(w http.ResponseWriter, r *http.Request) {
	api.WriteHealth(w, h.apiHealth(r.Context()), h.Health() == nil)
}

func (h *HQ) apiNode(*asking) (api.Node, error) {
	by, _ := h.Register().Ground().Authority(h.config.Authority)
	return api.Node{Kind: "headquarters", ID: string(h.config.Authority), Name: by.Name, Zone: h.state.described.Zone, Origin: h.origin, Key: h.vkey, Policy: h.Register().Policy(), Now: h.now()}, nil
}

func (h *HQ) apiClient(q *asking) (api.Client, error) {
	if err := h.ledger.Refresh(q.Context()); err != nil {
		return api.Client{}, err
	}
	held := h.state.programOf(q.Key)
	if len(held) > 0 && held[0].Open(h.now()) != nil {
		held = nil
	}
	return program.Client(q.Key, held), nil
}

// apiHealth says how the node is: its journal, its database, and whether anything stands against a node that it mirrors.
func (h *HQ) apiHealth(ctx context.Context) (out api.Health) {
	out.Well = true
	add := func(name, fault, well string) {
		out.Checks = append(out.Checks, api.HealthCheck{Name: name, Well: fault == "", Says: fault})
		if fault == "" {
			out.Checks[len(out.Checks)-1].Says = well
		}
		out.Well = out.Well && fault == ""
	}
	stopped, silent, mirrors := "", "", ""
	if h.ledger.Failure() != nil {
		stopped = "it has stopped; the log says why"
	}
	nodes, err := h.Overview(ctx)
	if err != nil || h.ill.Load() != nil {
		silent = "it does not answer"
	}
	for _, n := range nodes {
		if len(n.Evidence) > 0 {
			mirrors = fmt.Sprintf("evidence stands against %s; look at the page Mirrors", n.Origin)
		}
	}
	add("journal", stopped, fmt.Sprintf("%d entries", h.ledger.Head().Size))
	add("database", silent, "it answers")
	add("mirrors", mirrors, fmt.Sprintf("%d journals are known", len(nodes)))
	return out
}

func (h *HQ) apiNodes(q *asking) (out api.Nodes, err error) {
	nodes, err := h.Overview(q.Context())
	for _, n := range nodes {
		out.Nodes = append(out.Nodes, api.MirroredNode{Post: n.Post, Origin: n.Origin, Key: n.Key, Entry: n.Entry, Since: n.Since, Gone: n.Gone,
			Size: n.Held, Coming: n.Coming, Newest: n.Newest, Cosigned: n.Cosigned, Evidence: len(n.Evidence)})
	}
	return out, err
}

// apiCounts counts the crossings of those posts at which the program's authority may read the journal now.
func (h *HQ) apiCounts(q *asking) (out api.NationCounts, err error) {
	if out.From, out.Until, err = q.Hours(h.now()); err != nil {
		return out, err
	}
	var may []marz.Origin
	for _, n := range h.NodeList() {
		if h.mayAt(q.Caller, marz.ActReadJournal, n.Post.Place()) == nil {
			may = append(may, n.Origin)
		}
	}
	out.Counts, err = h.index.Counts(q.Context(), out.From, out.Until, may)
	return out, err
}

// apiReleases leaves out officers: who is known at which post stands in the journal.
func (h *HQ) apiReleases(*asking) (out api.Releases, err error) {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	for _, r := range h.state.releases.All() {
		if r.List == nil {
			continue
		}
		row := api.Release{Entry: r.Seq, At: r.At, List: string(r.List.List), Version: r.List.Version, From: r.List.From, Size: r.List.Size, Recalled: r.Recalled, Why: r.Why}
		if !r.Wide() {
			row.To = r.To
		}
		out.Releases = append(out.Releases, row)
	}
	return out, nil
}

func (h *HQ) apiRegister(q *asking) (out api.Register, err error) {
	at, err := q.Instant("at", h.now())
	if err != nil {
		return out, err
	}
	return api.RegisterOf(registers.Register(h.Register(), at), at), nil
}

func (h *HQ) apiInstruments(q *asking) (out api.Recorded, err error) {
	all, err := agreement.ParseSigned("signed instruments", q.Body)
	if err != nil {
		return out, err
	}
	_, err = h.recordInstruments(q.Context(), all, func(n *nodeAct, recorded []marz.Seq) error {
		out.Recorded = recorded
		return n.acted(q.Context(), q.Caller, q.Once, out)
	})
	return out, err
}
