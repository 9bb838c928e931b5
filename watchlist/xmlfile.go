package watchlist

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"marz"
)

// maxXMLDepth bounds the nesting of elements; the published files have 4.
const maxXMLDepth = 16

// xmlFile reads a list in XML by the names of its elements, and leaves those that it is not asked for, as schemas grow.
// Document type declarations are refused: they are what entity bombs are made of.
type xmlFile struct {
	source
	file string
	dec  *xml.Decoder
}

func (in source) xmlFile(name string, b []byte) *xmlFile {
	return &xmlFile{source: in, file: name, dec: xml.NewDecoder(bytes.NewReader(b))}
}

func (x *xmlFile) line() int {
	line, _ := x.dec.InputPos()
	return line
}

// fail names the line on which the reader stands.
func (x *xmlFile) fail(fix string) error { return x.bad(x.file, x.line(), fix) }

// broken is the error for what the decoder cannot read.
func (x *xmlFile) broken(err error) error {
	if e, ok := errors.AsType[*marz.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return x.bad(x.file, e.Line, "it is not XML: "+e.Msg)
	}
	return x.fail("it is not XML in UTF-8: " + err.Error())
}

// token returns the next token, io.EOF after the root element, and fails on broken XML and on declarations.
func (x *xmlFile) token() (xml.Token, error) {
	t, err := x.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, x.broken(err)
	}
	if _, ok := t.(xml.Directive); ok {
		return nil, x.fail("it has a document type declaration, which is not read")
	}
	return t, nil
}

// entries gives the root element of a file, and each element of some names below it, which yield has to read to its end. Nothing but the root may be there.
func (x *xmlFile) entries(root string, rooted func(xml.StartElement), names []string, yield func(xml.StartElement) error) error {
	seen, depth := false, 0
	for {
		t, err := x.token()
		if errors.Is(err, io.EOF) {
			if !seen {
				return x.fail("it has no element " + root)
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case depth == 0 && (seen || t.Name.Local != root):
				return x.fail(fmt.Sprintf("the element %.40q stands where only one %s may; this is not the consolidated list", t.Name.Local, root))
			case depth == 0:
				seen = true
				rooted(t)
			case slices.Contains(names, t.Name.Local):
				if err := yield(t); err != nil {
					return err
				}
				continue
			}
			if depth++; depth > maxXMLDepth {
				return x.fail("its elements are nested too deep")
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return x.fail("there is text outside of " + root)
			}
		}
	}
}

// attribute returns an attribute of an element, or "".
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return tidy(a.Value)
		}
	}
	return ""
}

// xmlNode is an element with what it holds, apart from attributes.
type xmlNode struct {
	name string
	text strings.Builder
	kids []*xmlNode
}

// get returns the tidied text of the first child of a name, or "".
func (n *xmlNode) get(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return tidy(k.text.String())
		}
	}
	return ""
}

// tree reads the rest of an element that has begun.
func (x *xmlFile) tree(name string, depth int) (*xmlNode, error) {
	if depth > maxXMLDepth {
		return nil, x.fail("its elements are nested too deep")
	}
	n := &xmlNode{name: name}
	for {
		t, err := x.token()
		if err != nil { // the decoder itself refuses what is cut short
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, err := x.tree(t.Name.Local, depth+1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, kid)
		case xml.CharData:
			n.text.Write(t)
		case xml.EndElement:
			return n, nil
		}
	}
}

// child returns the first child of a name, an empty one where there is none.
func (n *xmlNode) child(name string) *xmlNode {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return &xmlNode{name: name}
}

// texts returns the tidied texts of all children of the first child of a name, without the empty ones.
func (n *xmlNode) texts(name string) []string {
	var out []string
	for _, k := range n.child(name).kids {
		if s := tidy(k.text.String()); s != "" {
			out = append(out, s)
		}
	}
	return out
}
