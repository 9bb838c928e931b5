package api

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// line is one operation on the page.
type line struct {
	Method, Path, Summary, Doc string
	Params                     []Param
	Takes                      string
}

// page is what a person reads of the interface. It needs nothing but the node.
func (s *Server[C]) page(w http.ResponseWriter, r *http.Request) {
	var lines []line
	for i := range s.cfg.Routes {
		rt := &s.cfg.Routes[i]
		lines = append(lines, line{rt.Method, Prefix + rt.Path, rt.Summary, rt.doc(), rt.params(), rt.Takes})
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, struct {
		Node, About string
		Routes      []line
		Kinds       []kind
	}{s.cfg.Node, about, lines, kinds})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	write(w, r, "text/html; charset=utf-8", b.Bytes(), true)
}
