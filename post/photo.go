package post

import (
	"io"
	"mime"
	"net/http"

	"marz"
	"marz/mrz/photo"
)

// photograph reads the zone in a photograph of a document, for an officer whose reader does not work. What was read comes back with what may be printed, and it is his to confirm. Nothing of it is stored, neither the picture nor the text, and nobody is looked up.
func (p *Post) photograph(q *request) error {
	if p.opts.Photographs == nil {
		return &marz.Error{Code: marz.NotFound, Op: "read photograph", Fix: "this post has no engine for it: install Debian's tesseract-ocr on it and start it again, or type the zone"}
	}
	picture, err := q.picture()
	if err != nil {
		return err
	}
	p.engine.Lock()
	defer p.engine.Unlock()
	if err := q.Context().Err(); err != nil {
		return err // whoever asked has gone meanwhile
	}
	today := p.today()
	read, err := p.opts.Photographs(q.Context(), picture, today)
	if err != nil {
		return err
	}
	c := candidatesFor(read.Text, today)
	c.Candidates, c.Why = read.Candidates, ""
	if len(c.Candidates) == 0 {
		c.Why = "no zone was read in the photograph: take it straight from above, in even light, with all of the zone in it, or type the zone"
	}
	return q.json(c)
}

// picture reads the body of a request that is a picture.
func (q *request) picture() ([]byte, error) {
	bad := func(fix string) error { return &marz.Error{Code: marz.Invalid, Op: "read photograph", Fix: fix} }
	kind, _, err := mime.ParseMediaType(q.Request.Header.Get("Content-Type"))
	if err != nil || kind != "image/jpeg" && kind != "image/png" {
		return nil, bad("send a JPEG or PNG, with its Content-Type")
	}
	picture, err := io.ReadAll(http.MaxBytesReader(q.ResponseWriter, q.Body, photo.MostBytes))
	if err != nil {
		return nil, bad("it has more than 10 MB or did not arrive whole; take it smaller")
	}
	return picture, nil
}
