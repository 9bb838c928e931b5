package hq

import (
	"bytes"
	"encoding/json"
	"net/http"

	"marz"
	"marz/passkey"
	"marz/web"
)

func (h *HQ) pageSignIn(q *request) error {
	if q.actor.Officer != "" {
		http.Redirect(q.ResponseWriter, q.Request, "/", http.StatusSeeOther)
		return nil
	}
	return h.render(q, "signin", "Sign in", web.SignInBody{Ended: q.ended})
}

// began is what a page needs to ask the officer's device.
type began struct {
	Ceremony passkey.Ceremony `json:"ceremony"`
	Options  json.RawMessage  `json:"options"`
}

// answered is what the device said.
type answered struct {
	Code     string           `json:"code,omitempty"`
	Ceremony passkey.Ceremony `json:"ceremony"`
	Response json.RawMessage  `json:"response"`
}

func (h *HQ) beginSignIn(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	options, ceremony, err := h.passkeys.BeginLogin()
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (h *HQ) finishSignIn(q *request) error {
	var in answered
	if err := q.read(&in); err != nil {
		return err
	}
	officer, credential, err := h.passkeys.FinishLogin(in.Ceremony, h.credentialOwner, bytes.NewReader(in.Response))
	if err != nil {
		return err
	}
	secret, err := h.signIn(q.Context(), officer, &credential)
	if err != nil {
		return err
	}
	q.cookie(secret, 0)
	return q.json(map[string]string{"next": "/"})
}

// cookie gives the browser its session: a cookie of this origin alone, out of scripts' reach, that ends with the browser.
func (q *request) cookie(secret string, age int) {
	http.SetCookie(q.ResponseWriter, &http.Cookie{Name: cookieName, Value: secret, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func (h *HQ) signOut(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	if err := h.SignOut(q.Context(), q.actor); err != nil && marz.CodeOf(err) != marz.Unauthenticated {
		return err
	}
	q.cookie("", -1)
	return q.json(map[string]string{"next": "/signin"})
}

func (h *HQ) pageEnrol(q *request) error {
	code := q.PathValue("code")
	u, role, err := h.Invited(code)
	if err != nil {
		return err
	}
	by, _ := h.Register().Ground().Authority(u.Officer.Authority())
	return h.render(q, "enrol", "Make a passkey", web.EnrolBody{Code: code, Officer: web.Officer{ID: u.Officer, Name: u.Name, Role: role, Authority: by}})
}

func (h *HQ) beginEnrol(q *request) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	u, _, err := h.Invited(in.Code)
	if err != nil {
		return err
	}
	options, ceremony, err := h.passkeys.BeginRegistration(u)
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (h *HQ) finishEnrol(q *request) error {
	var in answered
	if err := q.read(&in); err != nil {
		return err
	}
	u, _, err := h.Invited(in.Code)
	if err != nil {
		return err
	}
	credential, err := h.passkeys.FinishRegistration(u, in.Ceremony, bytes.NewReader(in.Response))
	if err != nil {
		return err
	}
	if err := h.Enrol(q.Context(), in.Code, credential); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/signin"})
}
