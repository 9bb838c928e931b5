package agreement

import (
	"encoding/base64"
	"strings"
	"testing"

	"marz"
)

// key is a passkey's public key, or looks like one.
func key(n byte) string {
	return base64.StdEncoding.EncodeToString(append([]byte{0xa5, n}, make([]byte, 75)...))
}

func commissioned() Commission {
	return Commission{By: "aa-bg", Officer: "aa-bg/0001", Key: key(1), Place: "p", From: at("2025-01-01T00:00:00Z"), Until: at("2025-07-01T00:00:00Z"), Issued: at("2024-12-01T00:00:00Z")}
}

func TestCommissionRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Commission)
		want   string
	}{
		"nobody":        {func(c *Commission) { c.By = "" }, "cannot be an authority"},
		"unknown":       {func(c *Commission) { c.By, c.Officer = "zz-bg", "zz-bg/1" }, "zz-bg is not an authority that is known here"},
		"another's":     {func(c *Commission) { c.Officer = "bb-bg/0001" }, "bb-bg/0001 is not an officer of aa-bg"},
		"no officer":    {func(c *Commission) { c.Officer = "aa-bg" }, "cannot be an officer"},
		"a name":        {func(c *Commission) { c.Officer = "aa-bg/Anna\nX" }, "cannot be an officer"},
		"no place":      {func(c *Commission) { c.Place = "" }, "cannot be a place"},
		"unknown place": {func(c *Commission) { c.Place = "nowhere" }, "the place nowhere is not"},
		"no key":        {func(c *Commission) { c.Key = "" }, "key is not a passkey's public key"},
		"no base64":     {func(c *Commission) { c.Key = "&&" }, "key is not a passkey's public key"},
		"a broken line": {func(c *Commission) { c.Key = c.Key[:8] + "\n" + c.Key[8:] }, "key is not a passkey's public key"},
		"other bits": {func(c *Commission) {
			c.Key = base64.StdEncoding.EncodeToString(append([]byte{0xa5}, make([]byte, 76)...))
			c.Key = strings.Replace(c.Key, "A=", "B=", 1)
		}, "key is not a passkey's public key"},
		"no map": {func(c *Commission) { c.Key = base64.StdEncoding.EncodeToString(make([]byte, 77)) }, "key is not a passkey's public key"},
		"short":  {func(c *Commission) { c.Key = base64.StdEncoding.EncodeToString([]byte{0xa5, 1}) }, "key is not a passkey's public key"},
		"long": {func(c *Commission) {
			c.Key = base64.StdEncoding.EncodeToString(append([]byte{0xa5}, make([]byte, maxKey)...))
		}, "key is not a passkey's public key"},
		"no from":          {func(c *Commission) { c.From = 0 }, "from when it holds"},
		"not issued":       {func(c *Commission) { c.Issued = 0 }, "when it was issued"},
		"no end":           {func(c *Commission) { c.Until = 0 }, "it has no end"},
		"ends before":      {func(c *Commission) { c.Until = c.From }, "it ends before it begins"},
		"revoked, and end": {func(c *Commission) { c.Revoked = true }, "leave until out"},
		"to come":          {func(c *Commission) { c.Issued = now + ahead + 1 }, "still to come"},
		"long source":      {func(c *Commission) { c.Source = strings.Repeat("x", maxSource+1) }, "its source has 1001 bytes"},
		"same instant":     {func(c *Commission) { c.Until++ }, "one issued at that same instant is known already"},
		"older":            {func(c *Commission) { c.Issued-- }, "a newer one, issued at 2024-12-01T00:00:00.000Z, is known already"},
	} {
		h := NewHistory(ground)
		known := commissioned()
		h.Add(Event{Commission: &known})
		changed := commissioned()
		c.change(&changed)
		if name == "other bits" && changed.Key == known.Key {
			t.Fatal("nothing was changed")
		}
		_, err := h.Consider(now, Event{Commission: &changed})
		if err == nil || marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.want)
		}
	}
}

// The later word on a passkey goes before the earlier from its own from on; each passkey has its own.
func TestCommissioned(t *testing.T) {
	h := NewHistory(ground)
	add := func(change func(*Commission)) {
		t.Helper()
		c := commissioned()
		c.Issued += marz.Instant(len(h.known.commissions)) * day
		change(&c)
		if _, err := h.Consider(now, Event{Commission: &c}); err != nil {
			t.Fatal(err)
		}
		h.Add(Event{Commission: &c})
	}
	ask := func(officer marz.OfficerID, place marz.PlaceID, want map[string]string) {
		t.Helper()
		r, err := h.Register()
		if err != nil {
			t.Fatal(err)
		}
		for when, keys := range want {
			var got []string
			for _, c := range r.Commissioned(officer, place, at(when)) {
				got = append(got, map[string]string{key(1): "1", key(2): "2"}[c.Key])
			}
			if strings.Join(got, "") != keys {
				t.Errorf("%s at %s at %s: passkeys %v, want %s", officer, place, when, got, keys)
			}
		}
	}
	add(func(*Commission) {})
	ask("aa-bg/0001", "p", map[string]string{"2024-12-31T23:59:59.999Z": "", "2025-01-01T00:00:00Z": "1", "2025-06-30T23:59:59.999Z": "1", "2025-07-01T00:00:00Z": ""})
	ask("aa-bg/0002", "p", map[string]string{"2025-01-01T00:00:00Z": ""})
	ask("aa-bg/0001", "q", map[string]string{"2025-01-01T00:00:00Z": ""})
	add(func(c *Commission) { c.Key = key(2) })
	ask("aa-bg/0001", "p", map[string]string{"2025-01-01T00:00:00Z": "12"})
	add(func(c *Commission) { c.From, c.Until, c.Revoked = at("2025-03-01T00:00:00Z"), 0, true })
	ask("aa-bg/0001", "p", map[string]string{"2025-02-28T23:59:59.999Z": "12", "2025-03-01T00:00:00Z": "2", "2030-01-01T00:00:00Z": ""})
	add(func(c *Commission) { c.From, c.Until = at("2025-04-01T00:00:00Z"), at("2025-12-01T00:00:00Z") })
	ask("aa-bg/0001", "p", map[string]string{"2025-02-01T00:00:00Z": "12", "2025-03-15T00:00:00Z": "2", "2025-04-01T00:00:00Z": "21", "2025-11-30T00:00:00Z": "1", "2025-12-01T00:00:00Z": ""})
	add(func(c *Commission) { c.Key, c.Until = key(2), at("2025-02-01T00:00:00Z") }) // a shorter one
	ask("aa-bg/0001", "p", map[string]string{"2025-01-15T00:00:00Z": "12", "2025-02-01T00:00:00Z": "1"})
}

// A commission is signed by its authority alone, and changes nothing of who may do what.
func TestCommissionIsSigned(t *testing.T) {
	g, secret := signers(t)
	c := commissioned()
	i := Instrument{Commission: &c}
	if err := i.Sign(secret["bb-bg"]); marz.CodeOf(err) != marz.Invalid || err == nil {
		t.Errorf("signed by another: %v", err)
	}
	if err := i.CheckSignatures(&g); err == nil {
		t.Error("nobody signed it, and it passes")
	}
	if err := i.Sign(secret["aa-bg"]); err != nil {
		t.Fatal(err)
	}
	if err := i.CheckSignatures(&g); err != nil {
		t.Error(err)
	}
	all, err := ParseSigned("f", EncodeSigned([]Instrument{i}))
	if err != nil || len(all) != 1 || all[0].Digest() != i.Digest() || *all[0].Commission != c || all[0].Name() != "commission aa-bg aa-bg/0001 p" {
		t.Errorf("%+v %v", all, err)
	}
	c.Until++
	if err := i.CheckSignatures(&g); err == nil {
		t.Error("it was changed, and passes")
	}
	h := NewHistory(g)
	h.Add(Event{Agreement: treaty()})
	before := must(t)(h.Register())
	h.Add(Event{Commission: &c})
	after := must(t)(h.Register())
	if before.Policy() != after.Policy() || len(before.Commissions()) != 0 || len(after.Commissions()) != 1 {
		t.Error("a commission changed the rules, or is not known, or was known before")
	}
}
