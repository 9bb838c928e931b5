package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/phrase"
)

// scripts names the module of each page. A page whose name is not here does not exist.
var scripts = map[string]string{
	"signin":       "signin.js",
	"enrol":        "enrol.js",
	"home":         "home.js",
	"headquarters": "headquarters.js",
	"lane":         "lane.js",
	"supervisor":   "supervisor.js",
	"crossings":    "crossings.js",
	"journal":      "page.js",
	"entry":        "page.js",
	"register":     "page.js",
	"agreement":    "page.js",
	"timeline":     "page.js",
	"lookups":      "page.js",
	"sections":     "sections.js",
	"officers":     "officers.js",
	"readers":      "readers.js",
	"mirrors":      "page.js",
	"programs":     "programs.js",
	"map":          "map.js",
	"transfer":     "transfer.js",
	"act":          "act.js",
	"shift":        "shift.js",
	"nation":       "page.js",
	"retention":    "retention.js",
	"person":       "person.js",
	"postday":      "page.js",
	"search":       "search.js",
	"history":      "page.js",
	"error":        "page.js",
}

// moved are the pages whose texts stand in the catalogue. The others are drawn in English whole, until theirs stand there.
var moved = map[string]bool{"signin": true, "home": true}

// templates holds, for each language, each page with the layout around it. English is parsed before main, another language when
// a page is first drawn in it.
var templates = func() map[string]func() map[string]*template.Template {
	out := map[string]func() map[string]*template.Template{}
	for _, lang := range phrase.Languages {
		out[lang] = sync.OnceValue(func() map[string]*template.Template { return parseTemplates(lang) })
	}
	out["en"]()
	return out
}()

func parseTemplates(lang string) map[string]*template.Template {
	words := phrase.In(lang)
	bound := template.FuncMap{"phrase": words.Say, "ago": func(now, at marz.Instant) string { return ago(words, now, at) }, "day": func(zone string, i marz.Instant) string { return dayIn(words, zone, i) }}
	layout := template.Must(template.New("layout.html").Funcs(functions).Funcs(bound).ParseFS(files, "templates/layout.html"))
	out := map[string]*template.Template{}
	for name := range scripts {
		out[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, path.Join("templates", name+".html")))
	}
	if found, err := fs.Glob(files, "templates/*.html"); err != nil || len(found) != len(scripts)+1 {
		panic("web: a template has no page")
	}
	return out
}

// listed writes the officers at a lane, in their order.
func listed(who []marz.OfficerID) string {
	var out []string
	for _, o := range who {
		out = append(out, string(o))
	}
	return strings.Join(out, ", ")
}

// grouped writes a fingerprint in groups of four digits, as a reader's own screen shows it.
func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

var functions = template.FuncMap{
	"article":      articleURL,
	"number":       articleNumber,
	"moment":       moment,
	"minute":       minute,
	"timeline":     drawTimeline,
	"lag":          lag,
	"local":        Local,
	"overdueFirst": overdueFirst,
	"contingents":  contingents,
	"duty":         duty,
	"candidates":   candidates,
	"groups":       Groups,
	"codes":        Codes,
	"say":          say,
	"thing":        thing,
	"checked":      checked,
	"inState":      inState,
	"gap":          gap,
	"grouped":      grouped,
	"bars":         drawBars,
	"cases":        tableOf,
	"share":        share,
	"topNations":   topNations,
	"manned":       manned,
	"dayURL":       dayURL,
	"listed":       listed,

	"asset": AssetURL,
	"json":  toJSON,
	"at":    at,
	"clock": clock,
	"word":  word,
	"past":  past,
	"title": func(v any) string { return capital(fmt.Sprint(v)) },
	"count": func(m map[marz.Decision]int, d marz.Decision) int { return m[d] },
}

// view is what a template sees: the page, and what only the layout needs.
type view struct {
	*Page
	Name   string
	Script string
	Words  *phrase.Phrases // of the page's language
}

// Languages are those that the header offers on this page.
func (v view) Languages() []*phrase.Phrases {
	var out []*phrase.Phrases
	if moved[v.Name] {
		for _, lang := range phrase.Complete {
			out = append(out, phrase.In(lang))
		}
	}
	return out
}

// Phrases is the address of the module that brings the phrases of the page's modules.
func (v view) Phrases() string { return AssetURL(phrasesName(v.Words.Lang, v.Script)) }

// languageCookie keeps the language that was chosen in this browser. It stands in no entry.
const languageCookie = "language"

func languageOf(r *http.Request, page string, p *Page) string {
	if !moved[page] {
		return "en"
	}
	chosen := ""
	if c, err := r.Cookie(languageCookie); err == nil {
		chosen = c.Value
	}
	return phrase.Choose(chosen, p.Language, r.Header.Get("Accept-Language"))
}

// data is what the modules of every page know about it.
func (v view) Data() any {
	type data struct {
		Now        marz.Instant   `json:"now"`
		Zone       string         `json:"zone"`
		Controller marz.Authority `json:"controller"`
		Next       *Passing       `json:"next"`
		Officer    marz.OfficerID `json:"officer,omitempty"`
		Node       string         `json:"node"` // what it is, in words
	}
	d := data{Node: v.Node(), Now: v.Now, Zone: v.Zone, Controller: v.Controller, Next: v.Next}
	if v.Officer != nil {
		d.Officer = v.Officer.ID
	}
	return d
}

// Node says in words what the page is of.
func (v view) Node() string {
	if v.Headquarters.ID != "" {
		return "headquarters"
	}
	return "post"
}

// Supervises reports whether the officer is signed in as a supervisor.
func (v view) Supervises() bool { return v.Officer != nil && v.Officer.Role == marz.RoleSupervisor }

// Decisions returns all decisions, in the order in which screens show them.
func (v view) Decisions() []marz.Decision {
	var out []marz.Decision
	for _, dir := range []marz.Direction{marz.EntryDirection, marz.ExitDirection} {
		for _, d := range marz.Decisions(dir) {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// Render writes a page of those that scripts names, whose Body is the model of that name. The whole page is made before its first
// byte is sent, so that after an error nothing has been written yet. An error is Internal.
func Render(w http.ResponseWriter, r *http.Request, status int, page string, p *Page) error {
	lang := languageOf(r, page, p)
	t := templates[lang]()[page]
	if t == nil {
		return &marz.Error{Code: marz.Internal, Op: "render page", Subject: page, Fix: "there is no such page"}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view{Page: p, Name: page, Script: scripts[page], Words: phrase.In(lang)}); err != nil {
		return &marz.Error{Code: marz.Internal, Op: "render page", Subject: page, Err: err}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	body := b.Bytes()
	if page == "lane" {
		body = shorter(w, r, body)
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(body) // whoever asked may have gone: that is no fault of the page
	return nil
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// zones keeps the locations that were loaded: a *time.Location by its name.
var zones sync.Map

// location returns the zone of a post, and UTC where this machine does not know it.
func location(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC
	}
	zones.Store(name, z)
	return z
}

func at(zone string, i marz.Instant) string { return show(zone, i, "2006-01-02 15:04:05") }

// dayIn writes the day of an instant in the language of a page.
func dayIn(words *phrase.Phrases, zone string, i marz.Instant) string {
	if i.IsZero() {
		return ""
	}
	return words.Day(i.In(location(zone)))
}

func day(zone string, i marz.Instant) string { return show(zone, i, "2 January 2006") }

func clock(zone string, i marz.Instant) string { return show(zone, i, "15:04:05") }

func show(zone string, i marz.Instant, layout string) string {
	if i.IsZero() {
		return ""
	}
	return i.In(location(zone)).Format(layout)
}

// words and pasts are the decisions as screens call them; words.js has the same.
var words = map[marz.Decision]string{
	marz.Admit: "Admit", marz.Refuse: "Refuse", marz.Refer: "Refer", marz.Depart: "Let depart", marz.Hold: "Hold",
}

var pasts = map[marz.Decision]string{
	marz.Admit: "Admitted", marz.Refuse: "Refused", marz.Refer: "Referred", marz.Depart: "Departed", marz.Hold: "Held",
}

func word(d marz.Decision) string { return known(words, d) }

func past(d marz.Decision) string { return known(pasts, d) }

func known(m map[marz.Decision]string, d marz.Decision) string {
	if s, ok := m[d]; ok {
		return s
	}
	return string(d)
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
