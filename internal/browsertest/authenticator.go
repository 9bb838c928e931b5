package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator is a virtual security key of a page. It holds resident keys, and its holder is present and verified until
// told otherwise.
type Authenticator struct {
	page *Page
	id   webauthn.AuthenticatorID
}

// Authenticator plugs a virtual CTAP2 security key into the page. It stays across navigations.
func (p *Page) Authenticator() *Authenticator {
	p.t.Helper()
	do(p, "enable WebAuthn", call(webauthn.Enable, webauthn.EnableParams{}))
	res := do(p, "add authenticator", call(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Ctap2version:                webauthn.Ctap2versionCtap21,
			Transport:                   webauthn.AuthenticatorTransportUsb,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		},
	}))
	return &Authenticator{page: p, id: res.AuthenticatorID}
}

// SetVerified says whether the key recognises its holder (a PIN or a finger) from now on.
func (a *Authenticator) SetVerified(verified bool) {
	a.page.t.Helper()
	do(a.page, "set user verified", call(webauthn.SetUserVerified,
		webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: verified}))
}

// Credentials returns the credentials that the key holds, with their private keys.
func (a *Authenticator) Credentials() []*webauthn.Credential {
	a.page.t.Helper()
	return do(a.page, "get credentials", call(webauthn.GetCredentials,
		webauthn.GetCredentialsParams{AuthenticatorID: a.id})).Credentials
}

// Add puts a resident credential into the key, for example one that another page's key held.
func (a *Authenticator) Add(c *webauthn.Credential) {
	a.page.t.Helper()
	// The generated parameters always name the CMTG extension, and Chromium refuses them for a key without it.
	params := map[string]any{
		"authenticatorId": a.id,
		"credential": map[string]any{"credentialId": c.CredentialID, "isResidentCredential": true, "rpId": c.RpID,
			"privateKey": c.PrivateKey, "userHandle": c.UserHandle, "signCount": c.SignCount},
	}
	do(a.page, "add credential", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, t.Call(ctx, webauthn.CommandAddCredential, params, nil)
	})
}

// Remove unplugs the key.
func (a *Authenticator) Remove() {
	a.page.t.Helper()
	do(a.page, "remove authenticator", call(webauthn.RemoveVirtualAuthenticator,
		webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: a.id}))
}
