package web

import (
	"bytes"
	"io"
	"regexp"

	"marz"
	"marz/phrase"
)

// outside are the elements of a page that ask for something beside it: icon, stylesheet, modules.
var outside = regexp.MustCompile(`(?s)<link [^>]*>\n?|<script [^>]*></script>\n?|<noscript>.*?</noscript>\n?`)

// Print writes a page whole: its stylesheet stands in it, it has no modules, and what a browser does not print is not shown. It is for files; a post's pages allow no such style.
func Print(w io.Writer, page string, p *Page) error {
	t := templates["en"]()[page]
	if t == nil {
		return &marz.Error{Code: marz.Internal, Op: "print page", Subject: page, Fix: "there is no such page"}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view{Page: p, Name: page, Script: scripts[page], Words: phrase.In("en")}); err != nil {
		return &marz.Error{Code: marz.Internal, Op: "print page", Subject: page, Err: err}
	}
	whole := outside.ReplaceAll(b.Bytes(), nil)
	style := append(append([]byte("<style>\n"), served().assets["marz.css"].body...), "\n.not-printed, .skip, .bar { display: none; }\n</style>\n</head>"...)
	whole = bytes.Replace(whole, []byte("</head>"), style, 1)
	_, err := w.Write(whole)
	return err
}
