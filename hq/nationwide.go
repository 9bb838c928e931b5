package hq

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/hq/nation"
	"marz/inspection/stays"
	"marz/mirror/pgstore"
	"marz/web"
)

// The index over the mirrored journals (package nation), and what it is made under.
const (
	indexFile  = "index.key" // in keys/: under which people are digests in the index; it never leaves the headquarters
	staysFile  = "stays.key" // in keys/: under which they are in files of stays; it is at the state's posts as well
	nationFile = "nation.db" // the index of a headquarters without PostgreSQL
)

// SearchReasons are why a person's crossings are looked at across posts.
var SearchReasons = []web.Reason{{Code: "court", Text: "Inquiry of a court or prosecutor"}, {Code: "complaint", Text: "Complaint of the traveller"}, {Code: "own-request", Text: "The person asks what is known of him"},
	{Code: "case", Text: "A case of the second line"}, {Code: "supervision", Text: "Supervision of a post"}}

// newIndexKeys draws the keys of a new headquarters' index.
func newIndexKeys(random io.Reader) (index, state string, err error) {
	key := make([]byte, nation.KeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", "", &marz.Error{Op: "draw key", Err: err}
	}
	s, err := stays.NewKey(random)
	return hex.EncodeToString(key), s.String(), err
}

// openIndex opens the index, beside the mirrored journals.
func (h *HQ) openIndex(ctx context.Context) error {
	o := nation.Options{Store: h.store, HQ: h.ledger.Origin(), Dialect: nation.SQLite}
	text, err := folder.ReadKey(h.opts.Dir, indexFile, "the key of the index")
	if err != nil {
		return err
	}
	if o.Key, err = hex.DecodeString(text); err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "open headquarters", Subject: filepath.Join(h.opts.Dir, folder.Keys, indexFile), Fix: "it is no key in hex; put it back from where it is kept"}
	}
	if text, err = folder.ReadKey(h.opts.Dir, staysFile, "the key of stays"); err != nil {
		return err
	}
	if o.Stays, err = stays.ParseKey(text); err != nil {
		return err
	}
	if o.Zone, err = time.LoadLocation(h.state.described.Zone); err != nil {
		return err
	}
	if pg, ok := h.store.(*pgstore.Store); ok {
		o.DB, o.Dialect = pg.DB(), nation.PostgreSQL
	} else if o.DB, err = nation.OpenSQLite(filepath.Join(h.opts.Dir, nationFile)); err != nil {
		return err
	}
	h.indexDB = o.DB
	h.index, err = nation.Open(ctx, o)
	return err
}

// foldEvery is how often a node folds what has come into the index.
const foldEvery = 2 * time.Second

// foldIndex keeps the index beside the journals until ctx ends. Whatever fails is tried again: the journals stay what they are.
func (h *HQ) foldIndex(ctx context.Context) {
	ill := false
	for {
		_, err := h.index.Fold(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !ill:
			h.opts.Log.Error("the index of the nation is not kept up", "err", err)
		case err == nil && ill:
			h.opts.Log.Info("the index of the nation is kept up again")
		}
		ill = err != nil
		select {
		case <-ctx.Done():
			return
		case <-h.opts.After(foldEvery):
		}
	}
}

func (h *HQ) pageNation(q *request) error {
	days, err := number(q.FormValue("days"), 1)
	if err != nil {
		return err
	}
	body, err := h.index.Nation(q.Context(), nation.Question{Now: h.now(), Days: int(min(max(days, 1), 3660))})
	if err != nil {
		return err
	}
	body.Map = h.drawing
	return h.render(q, "nation", "All posts", *body)
}

func (h *HQ) pagePostDay(q *request) error {
	ask := nation.DayQuestion{Now: h.now()}
	var err error
	if text := q.FormValue("day"); text != "" {
		if ask.Day, err = marz.ParseDate(text); err != nil {
			return err
		}
	}
	before, err := number(q.FormValue("before"), 0)
	if err != nil {
		return err
	}
	ask.Before = marz.Instant(before)
	body, err := h.index.Day(q.Context(), marz.Origin(q.FormValue("post")), ask)
	if err != nil {
		return err
	}
	return h.render(q, "postday", body.Post.Name, *body)
}

// searched is an entry that asks for a person, as it is shown to all who may see the headquarters.
type searched struct {
	seq     marz.Seq
	at      marz.Instant
	officer marz.OfficerID
	reason  string
	under   marz.ArticleRef
}

// mostSearched is how many questions are shown. All are in the journal.
const mostSearched = 100

// searchedPrivate is the payload of person.searched: whom it asks for.
type searchedPrivate struct {
	Identity nation.Identity `json:"identity"`
	Note     string          `json:"note"`
}

func (h *HQ) pageSearch(q *request) error {
	b := web.SearchBody{Reasons: SearchReasons}
	h.state.mu.RLock()
	for _, s := range slices.Backward(h.state.searches) {
		b.Rows = append(b.Rows, web.Lookup{Seq: s.seq, At: s.at, Officer: s.officer, Reason: s.reason, Under: s.under})
	}
	h.state.mu.RUnlock()
	return h.render(q, "search", "A person's crossings", b)
}

// readable returns which records of whom an officer may read where, by the articles there.
func (h *HQ) readable(actor Actor, at marz.Instant, place marz.PlaceID, owner marz.AuthorityID) (marz.ArticleRef, error) {
	q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: marz.ActReadRecord, Place: place, At: at, Record: &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{owner}}}
	if _, articles := h.Register().Fields(q); len(articles) > 0 {
		return articles[0], nil
	}
	if err := h.Register().May(q).Err(q); err != nil {
		return "", err
	}
	return "", &marz.Error{Code: marz.Forbidden, Op: string(q.Action), Subject: "at " + string(place), Fix: "no article in force opens any part of it to " + string(actor.Officer.Authority())}
}

// Search says, as an entry, that an officer asks for a person's crossings, and returns that entry. It needs an article that lets him read records of his authority at one of the posts at least; what he is shown is then asked place by place (History).
func (h *HQ) Search(ctx context.Context, actor Actor, who nation.Identity, reason, note string) (seq marz.Seq, err error) {
	if !slices.ContainsFunc(SearchReasons, func(r web.Reason) bool { return r.Code == reason }) || len(note) > 1000 {
		return 0, &marz.Error{Code: marz.Invalid, Op: "search", Fix: "choose a reason, and a remark of at most 1,000 bytes"}
	}
	asks, err := h.index.Ask(h.opts.Rand, who, reason)
	if err != nil {
		return 0, err
	}
	may := func(actor Actor, now marz.Instant) (marz.ArticleRef, error) {
		if err := h.mayHere(actor, marz.ActReadJournal); err != nil {
			return "", err
		}
		err := error(&marz.Error{Code: marz.Forbidden, Op: "search", Fix: "no post is enrolled here whose records an article opens"})
		for _, n := range h.NodeList() {
			var under marz.ArticleRef
			if under, err = h.readable(actor, now, n.Post.Place(), h.config.Authority); err == nil {
				return under, nil
			}
		}
		return "", err
	}
	err = h.asked(ctx, actor, marz.ActReadRecord, may, func(a *act) error {
		seq = a.Next()
		return a.append(nation.KindSearched, asks, searchedPrivate{who, note})
	})
	return seq, err
}

// History returns what an entry of Search asked for, to who made it and for some minutes. Crossings at posts, and of owners, whose records no article opens to him are left out.
func (h *HQ) History(ctx context.Context, actor Actor, entry marz.Seq) (*web.HistoryBody, error) {
	payload, err := h.ledger.Payload(ctx, entry)
	if err != nil {
		return nil, err
	}
	var asked searchedPrivate
	if err := json.Unmarshal(payload, &asked); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read question", Subject: strconv.FormatInt(int64(entry), 10), Fix: "the entry asks for nobody"}
	}
	now := h.now()
	body, err := h.index.Search(ctx, nation.Receipt{Entry: entry, Officer: actor.Officer}, asked.Identity, h.config.Stay, now)
	if err != nil {
		return nil, err
	}
	places := map[marz.Origin]marz.PlaceID{}
	for _, n := range h.NodeList() {
		places[n.Origin] = n.Post.Place()
	}
	body.Rows = slices.DeleteFunc(body.Rows, func(c web.NationCase) bool {
		_, err := h.readable(actor, now, places[c.Origin], c.Authority)
		return err != nil
	})
	return body, nil
}

func (h *HQ) search(q *request) error {
	var in struct {
		Identity nation.Identity `json:"identity"`
		Reason   string          `json:"reason"`
		Note     string          `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	seq, err := h.Search(q.Context(), q.actor, in.Identity, in.Reason, in.Note)
	if err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/person/" + strconv.FormatInt(int64(seq), 10)})
}

func (h *HQ) pageHistory(q *request) error {
	entry, err := number(q.PathValue("entry"), -1)
	if err != nil {
		return err
	}
	body, err := h.History(q.Context(), q.actor, marz.Seq(entry))
	if err != nil {
		return err
	}
	return h.render(q, "history", "Crossings of a person", *body)
}

// exportTypes are the forms in which crossings are exported.
var exportTypes = map[string]string{"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}

// exportCrossings gives crossings without personal data (docs/spec/crossings-export.md), from one day of the headquarters' zone up to before another.
func (h *HQ) exportCrossings(q *request) error {
	kind := q.PathValue("kind")
	if exportTypes[kind] == "" {
		return &marz.Error{Code: marz.NotFound, Op: "export crossings", Subject: strconv.Quote(kind), Fix: "there are csv and parquet"}
	}
	var ask nation.ExportQuestion
	for name, into := range map[string]*marz.Instant{"from": &ask.From, "until": &ask.Until} {
		day, err := marz.ParseDate(q.FormValue(name))
		if err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "export crossings", Subject: name, Fix: "give from and until, each as a day: 2025-01-31; the second is not in it", Err: err}
		}
		*into = marz.InstantOf(time.Date(day.Year, time.Month(day.Month), day.Day, 0, 0, 0, 0, h.index.Zone))
	}
	q.Header().Set("Content-Type", exportTypes[kind])
	q.Header().Set("Content-Disposition", `attachment; filename="crossings.`+kind+`"`)
	export := h.index.ExportCSV
	if kind == "parquet" {
		export = h.index.ExportParquet
	}
	if err := export(q.Context(), ask, q.ResponseWriter); err != nil && !errors.Is(err, context.Canceled) {
		h.opts.Log.Error("an export of crossings was cut off", "err", err)
		panic(http.ErrAbortHandler) // the answer has begun: what was sent is not whole, and the other side has to see that
	}
	return nil
}

// CommandStays makes a file of stays at a path.
const CommandStays = "stays/make" // a path from the root on → nothing

// makeStays writes who has how many days left, by the entries and exits at all posts, for the posts of the state (docs/spec/stays-file.md).
func (h *HQ) makeStays(ctx context.Context, path string) error {
	if h.config.Stay.Days == 0 {
		return &marz.Error{Code: marz.Invalid, Op: "make file of stays", Subject: configFile, Fix: "there is no rule of stays: write [stay] with days and window, as the posts have it"}
	}
	signer, err := h.signer()
	if err != nil {
		return err
	}
	file, err := h.staysNow(ctx, signer)
	if err != nil {
		return err
	}
	if err := folder.Write(path, file, 0o600); err != nil {
		return &marz.Error{Op: "write file of stays", Subject: path, Err: err}
	}
	return nil
}

// staysNow is the whole file of what has come so far.
func (h *HQ) staysNow(ctx context.Context, signer note.Signer) ([]byte, error) {
	if _, err := h.index.Fold(ctx); err != nil {
		return nil, err
	}
	return h.index.StaysFile(ctx, h.config.Stay, h.now(), signer)
}

// signer is the node's key, by which files of stays are signed.
func (h *HQ) signer() (note.Signer, error) {
	text, err := folder.ReadKey(h.opts.Dir, signerFile, "the node's key")
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "make file of stays", Subject: signerFile, Fix: "it is no signer's key", Err: err}
	}
	return signer, nil
}

func closeIndex(db *sql.DB) error {
	if db == nil {
		return nil
	}
	return db.Close()
}
