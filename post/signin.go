package post

import (
	"bytes"
	"encoding/json"
	"net/http"

	"marz"
	"marz/passkey"
	"marz/web"
)

func (p *Post) pageSignIn(q *request) error {
	if q.actor.Officer != "" {
		http.Redirect(q.ResponseWriter, q.Request, "/", http.StatusSeeOther)
		return nil
	}
	officers, err := p.ExerciseOfficers(q.Context())
	if err != nil {
		return err
	}
	return p.render(q, "signin", "Sign in", web.SignInBody{Exercise: officers, Ended: q.ended})
}

// began is what a page needs to ask the officer's device.
type began struct {
	Ceremony passkey.Ceremony `json:"ceremony"`
	Options  json.RawMessage  `json:"options"`
}

// enrolled is the answer to a new passkey.
type enrolled struct {
	Next       string          `json:"next"`
	Commission *web.Commission `json:"commission,omitempty"` // without which it opens nothing
}

// answered is what the device said.
type answered struct {
	Code     string           `json:"code,omitempty"`
	Ceremony passkey.Ceremony `json:"ceremony"`
	Response json.RawMessage  `json:"response"`
}

func (p *Post) beginSignIn(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	options, ceremony, err := p.passkeys.BeginLogin()
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (p *Post) finishSignIn(q *request) error {
	var in answered
	if err := q.read(&in); err != nil {
		return err
	}
	officer, credential, err := p.passkeys.FinishLogin(in.Ceremony, p.credentialOwner, bytes.NewReader(in.Response))
	if err != nil {
		return err
	}
	secret, _, err := p.openFor(q.Context(), officer, "passkey", &credential)
	return q.signedIn(secret, err)
}

func (p *Post) signInExercise(q *request) error {
	var in struct {
		Officer marz.OfficerID `json:"officer"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	secret, _, err := p.SignInExercise(q.Context(), in.Officer)
	return q.signedIn(secret, err)
}

// signedIn gives the browser its session: a cookie of this origin alone, out of scripts' reach, that ends with the browser.
func (q *request) signedIn(secret string, err error) error {
	if err != nil {
		return err
	}
	http.SetCookie(q.ResponseWriter, &http.Cookie{Name: cookieName, Value: secret, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return q.json(map[string]string{"next": "/"})
}

func (p *Post) signOut(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	if err := p.SignOut(q.Context(), q.actor); err != nil && marz.CodeOf(err) != marz.Unauthenticated {
		return err
	}
	http.SetCookie(q.ResponseWriter, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return q.json(map[string]string{"next": "/signin"})
}

func (p *Post) pageEnrol(q *request) error {
	code := q.PathValue("code")
	u, role, err := p.Invited(q.Context(), code)
	if err != nil {
		return err
	}
	return p.render(q, "enrol", "Make a passkey", web.EnrolBody{Code: code, Officer: web.Officer{ID: u.Officer, Name: u.Name, Role: role, Authority: p.bodies[u.Officer.Authority()]}})
}

func (p *Post) beginEnrol(q *request) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	u, _, err := p.Invited(q.Context(), in.Code)
	if err != nil {
		return err
	}
	options, ceremony, err := p.passkeys.BeginRegistration(u)
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (p *Post) finishEnrol(q *request) error {
	var in answered
	if err := q.read(&in); err != nil {
		return err
	}
	u, _, err := p.Invited(q.Context(), in.Code)
	if err != nil {
		return err
	}
	credential, err := p.passkeys.FinishRegistration(u, in.Ceremony, bytes.NewReader(in.Response))
	if err != nil {
		return err
	}
	if err := p.Enrol(q.Context(), in.Code, credential); err != nil {
		return err
	}
	out := enrolled{Next: "/signin"}
	if _, err := p.hangsOn(p.journal.State(), &credential, p.now()); marz.CodeOf(err) == marz.Forbidden {
		out.Commission, _ = p.wanted(&credential, p.now()) // its key was read a moment ago
	}
	return q.json(out)
}
