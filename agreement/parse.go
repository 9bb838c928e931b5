package agreement

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/BurntSushi/toml"

	"marz"
)

// Parse reads agreements from TOML, strictly: an unknown key, an instant without an offset or an unknown kind is refused with the
// file and the article. name is the file's name, for errors.
func Parse(name string, data []byte) ([]Agreement, error) {
	var file struct {
		Agreements []Agreement `toml:"agreement"`
	}
	meta, err := toml.Decode(string(data), &file)
	if err != nil {
		at := name
		if pe, ok := errors.AsType[toml.ParseError](err); ok {
			at = fmt.Sprintf("%s:%d", name, pe.Position.Line)
		}
		return nil, &marz.Error{Code: marz.Invalid, Op: "read agreements", Subject: at, Fix: "correct the TOML", Err: err}
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read agreements", Subject: name,
			Fix: fmt.Sprintf("the key %q is not known; correct or remove it", keys[0].String())}
	}
	if len(file.Agreements) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read agreements", Subject: name, Fix: "it holds no [[agreement]]"}
	}
	for i := range file.Agreements {
		if err := file.Agreements[i].check(); err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read agreements", Subject: name, Err: err}
		}
	}
	return file.Agreements, nil
}

var refPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)

func refuse(agreement, article, what string) error {
	subject := agreement
	if article != "" {
		subject += "/" + article
	}
	return &marz.Error{Code: marz.Invalid, Op: "check article", Subject: subject, Fix: what}
}

// check holds an agreement to what can be said of it alone.
func (ag *Agreement) check() error {
	if !refPattern.MatchString(ag.ID) {
		return refuse(fmt.Sprintf("%.40q", ag.ID), "", "an agreement's id is 1 to 63 letters, digits, dots and hyphens")
	}
	if len(ag.Parties) == 0 {
		return refuse(ag.ID, "", "it names no parties")
	}
	var ids []string
	for i := range ag.Articles {
		a := &ag.Articles[i]
		if slices.Contains(ids, a.ID) {
			return refuse(ag.ID, a.ID, "two articles have this number")
		}
		ids = append(ids, a.ID)
		if err := a.check(ag); err != nil {
			return err
		}
	}
	return nil
}

func (a *Article) check(ag *Agreement) error {
	switch {
	case !refPattern.MatchString(a.ID):
		return refuse(ag.ID, fmt.Sprintf("%.40q", a.ID), "an article's id is 1 to 63 letters, digits, dots and hyphens")
	case a.Kind != Control && a.Kind != Serve && a.Kind != Observe:
		return refuse(ag.ID, a.ID, fmt.Sprintf("the kind %.20q is not known; use control, serve or observe", a.Kind))
	case !slices.Contains(ag.Parties, a.Authority):
		return refuse(ag.ID, a.ID, fmt.Sprintf("%.40q is not a party to the agreement", a.Authority))
	case a.Place.Validate() != nil:
		return refuse(ag.ID, a.ID, fmt.Sprintf("the place %.40q is malformed", a.Place))
	case a.From.IsZero():
		return refuse(ag.ID, a.ID, "it does not say from when; write from = \"2025-01-01T00:00:00+04:00\"")
	case !a.Until.IsZero() && a.Until <= a.From:
		return refuse(ag.ID, a.ID, "it ends before it begins")
	case len(a.Powers) > 0 && a.Kind != Serve:
		return refuse(ag.ID, a.ID, "only an article of kind serve lists powers")
	}
	for _, p := range a.Powers {
		if !slices.Contains(allActions, p) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the power %.40q is not known", p))
		}
	}
	return nil
}
