package web

import (
	"net/http"
	"strings"

	"marz"
)

// policy is the content security policy of every answer (W3C CSP 3): nothing but this binary's own files, no inline script or
// style, and no text that becomes script or markup (Trusted Types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self), " +
		"camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=(), display-capture=(), payment=()",
	"Cache-Control": "no-store",
}

// Secure puts the security headers on every answer, forbids to keep it unless the handler says otherwise, and refuses a request
// that changes something and comes from a page of another origin.
func Secure(next http.Handler) http.Handler {
	var cross http.CrossOriginProtection
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, &marz.Error{Code: marz.Forbidden, Op: "request", Subject: r.Method,
			Fix: "it came from a page of another site: use the post's own pages"})
	}))
	protected := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range headers {
			h.Set(name, value)
		}
		// A browser keeps this for all ports of a name, so localhost, which others use too, is left alone (RFC 6797 §8.2).
		if name, _, _ := strings.Cut(r.Host, ":"); name != "localhost" {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		protected.ServeHTTP(w, r)
	})
}
