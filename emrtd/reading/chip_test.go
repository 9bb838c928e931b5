package reading_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
	"marz/emrtd"
	"marz/emrtd/chip"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/emrtd/testpki"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// made are documents by their profile: their keys take longer than all else. A chip is used by one test at a time.
var made = struct {
	sync.Mutex
	of map[string]*specimen.Document
}{of: map[string]*specimen.Document{}}

// document is a document of a profile, and its chip anew.
func document(t testing.TB, p specimen.Profile) (*specimen.Document, *chip.Virtual) {
	t.Helper()
	made.Lock()
	defer made.Unlock()
	if p.Signer == "" {
		p.Signer, p.CSCA = "P-256", "P-256"
	}
	name := fmt.Sprint(p)
	d := made.of[name]
	if d == nil {
		var err error
		if d, err = specimen.Make(p, rand.Reader, noon); err != nil {
			t.Fatal(err)
		}
		made.of[name] = d
	}
	v := &chip.Virtual{Files: d.Chip.Files, Master: d.Chip.Master, Key: d.Chip.Key, CAN: d.Chip.CAN, PACE: d.Chip.PACE, WithoutBAC: d.Chip.WithoutBAC, Secret: d.Chip.Secret, Active: d.Chip.Active,
		ChipAuth: d.Chip.ChipAuth, Random: rand.Reader, Faults: d.Chip.Faults}
	return d, v
}

// sameFiles reports what is in a reading and is not the chip's.
func sameFiles(got reading.Chip, v *chip.Virtual) string {
	for name, b := range got.Files {
		want := v.Files[chip.EFSOD]
		switch {
		case name == reading.COM:
			want = v.Files[chip.EFCOM]
		case name == reading.CardAccess:
			want = v.Master[chip.EFCardAccess]
		case name == reading.CardSecurity:
			want = v.Master[chip.EFCardSecurity]
		case name != reading.SOD:
			for n := 1; n <= 16; n++ {
				if name == reading.DG(n) {
					want = v.Files[chip.DG(n)]
				}
			}
		}
		if !bytes.Equal(b, want) {
			return string(name)
		}
	}
	return ""
}

// Every way to open a chip and to ask it, and what the reading says of it.
func TestWays(t *testing.T) {
	const yes = marz.Successful
	zone, can := reading.Options{Zone: specimen.Defaults.Zone}, reading.Options{CAN: specimen.Defaults.CAN}
	for what, c := range map[string]struct {
		profile           specimen.Profile
		options           reading.Options
		access            string
		auth, active, cam marz.Result
		files             int
	}{
		"BAC":                         {specimen.Profile{Access: []string{"bac"}, Prove: []string{"none"}}, zone, "BAC", "", "", "", 6},
		"BAC, chip authentication":    {specimen.Profile{Access: []string{"bac"}}, zone, "BAC", yes, "", "", 7},
		"BAC, both kinds":             {specimen.Profile{Access: []string{"bac"}, Prove: []string{"chip", "active-ec"}}, zone, "BAC", yes, "", "", 8},
		"BAC, active authentication":  {specimen.Profile{Access: []string{"bac"}, Prove: []string{"active-ec"}}, zone, "BAC", marz.NotSupported, yes, "", 8},
		"BAC, RSA":                    {specimen.Profile{Access: []string{"bac"}, Prove: []string{"active-rsa"}}, zone, "BAC", "", yes, "", 7},
		"PACE by zone":                {specimen.Profile{}, zone, "PACE, ECDH, generic mapping, AES-CBC-CMAC-128, brainpoolP256r1", yes, "", "", 8},
		"PACE by CAN":                 {specimen.Profile{}, can, "PACE, ECDH, generic mapping, AES-CBC-CMAC-128, brainpoolP256r1", yes, "", "", 8},
		"PACE, Triple-DES":            {specimen.Profile{Access: []string{"pace"}, Cipher: "3des", Curve: "P-256"}, zone, "PACE, ECDH, generic mapping, 3DES-CBC-CBC, P-256", yes, "", "", 8},
		"PACE with mapping":           {specimen.Profile{Access: []string{"bac", "pace", "cam"}, Prove: []string{"none"}}, zone, "PACE, ECDH, chip authentication mapping, AES-CBC-CMAC-128, brainpoolP256r1", marz.NotSupported, "", yes, 9},
		"mapping and authentication":  {specimen.Profile{Access: []string{"cam"}, Curve: "P-384", Cipher: "aes256"}, can, "PACE, ECDH, chip authentication mapping, AES-CBC-CMAC-256, P-384", yes, "", yes, 9},
		"open to everybody":           {specimen.Profile{Access: []string{"open"}, Prove: []string{"active-ec"}}, reading.Options{}, "open to everybody", marz.NotSupported, yes, "", 8},
		"open, and nothing is needed": {specimen.Profile{Access: []string{"open"}, Prove: []string{"none"}}, zone, "open to everybody", "", "", "", 6},
	} {
		for _, long := range []bool{false, true} {
			d, v := document(t, c.profile)
			c.options.Long = long
			got := reading.ReadChip(t.Context(), v, c.options)
			if got.Result != yes || got.Reason != "" || got.Access != c.access || len(got.Files) != c.files {
				t.Errorf("%s: %s, %q, %q, %d files", what, got.Result, got.Reason, got.Access, len(got.Files))
			}
			if got.Auth.Result != c.auth || got.Active.Result != c.active || got.Map.Result != c.cam {
				t.Errorf("%s: chip authentication %v, active %v, mapping %v", what, got.Auth, got.Active, got.Map)
			}
			if name := sameFiles(got, d.Chip); name != "" {
				t.Errorf("%s: %s is not the chip's", what, name)
			}
			if file := got.Files[reading.CardSecurity]; file != nil && proven(t, d, file) != yes {
				t.Errorf("%s: EF.CardSecurity is not proven", what)
			}
		}
	}
}

// proven says whether EF.CardSecurity is the state's.
func proven(t *testing.T, d *specimen.Document, file []byte) marz.Result {
	t.Helper()
	b := emrtd.NewTrustBuilder()
	for name, content := range d.Trust {
		if err := b.Add(name, content); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := b.Trust()
	if err != nil {
		t.Fatal(err)
	}
	r, err := emrtd.VerifyCardSecurity(file, d.Chip.Files[chip.DG(1)], tr, marz.InstantOf(noon))
	if err != nil {
		t.Fatal(err)
	}
	return r.Result
}

// A copy is found by every way that it cannot do, and its files are read all the same, so that the officer sees whom it names.
func TestCopies(t *testing.T) {
	for _, p := range []specimen.Profile{
		{Access: []string{"bac"}}, {}, {Access: []string{"bac"}, Prove: []string{"active-ec"}}, {Access: []string{"bac"}, Prove: []string{"active-rsa"}}, {Access: []string{"cam"}, Prove: []string{"none"}}, {Access: []string{"cam"}},
	} {
		p.Faults = []string{"clone"}
		_, v := document(t, p)
		got := reading.ReadChip(t.Context(), v, reading.Options{Zone: specimen.Defaults.Zone})
		failed := 0
		for _, a := range []reading.Asked{got.Auth, got.Active, got.Map} {
			switch a.Result {
			case marz.Failed:
				failed++
			case marz.Successful:
				t.Errorf("%+v: a copy showed that it is none: %+v", p, got)
			}
		}
		if failed == 0 || got.Result != marz.Successful || got.Files[reading.DG(2)] == nil {
			t.Errorf("%+v: %s, %q, %d files, %d failed", p, got.Result, got.Reason, len(got.Files), failed)
		}
	}
}

// What goes wrong has its reason, and what was read before is kept.
func TestReasons(t *testing.T) {
	zone := reading.Options{Zone: specimen.Defaults.Zone}
	other := reading.Options{Zone: "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1304159ZE184226B<<<<<10"}
	for what, c := range map[string]struct {
		profile specimen.Profile
		options reading.Options
		result  marz.Result
		says    string
		files   int
	}{
		"another zone, BAC":      {specimen.Profile{Access: []string{"bac"}}, other, marz.Failed, "does not open by this machine-readable zone", 0},
		"another zone, PACE":     {specimen.Profile{}, other, marz.Failed, "and by Basic Access Control", 1},
		"another zone, no BAC":   {specimen.Profile{Access: []string{"pace"}}, other, marz.Failed, "does not open by what was read", 1},
		"another CAN, zone good": {specimen.Profile{}, reading.Options{CAN: "654321", Zone: specimen.Defaults.Zone}, marz.Successful, "", 8},
		"another CAN":            {specimen.Profile{}, reading.Options{CAN: "654321"}, marz.Failed, "needs the printed zone", 1},
		"a CAN without PACE":     {specimen.Profile{Access: []string{"bac"}}, reading.Options{CAN: "123456"}, marz.Undetermined, "needs the printed zone", 0},
		"a zone that is none":    {specimen.Profile{}, reading.Options{Zone: "P<UTO"}, marz.Undetermined, "no key can be made", 1},
		"nothing given":          {specimen.Profile{}, reading.Options{}, marz.Undetermined, "needs the printed zone", 1},
		"a file is cut":          {specimen.Profile{Faults: []string{"cut=DG2"}}, zone, marz.Aborted, "EF.DG2 ends after", 7},
		"a file is missing":      {specimen.Profile{Faults: []string{"missing=DG11"}}, zone, marz.Aborted, "EF.DG11 is not on the chip", 7},
		"EF.SOD is missing":      {specimen.Profile{Faults: []string{"missing=SOD"}}, zone, marz.Aborted, "EF.SOD is not on the chip", 7},
		"EF.COM is missing":      {specimen.Profile{Faults: []string{"missing=COM"}}, zone, marz.Aborted, "EF.COM is not on the chip", 7},
		"the document is lifted": {specimen.Profile{Faults: []string{"drop=30"}}, zone, marz.Aborted, "lay the document down again", 5},
		"lifted at once":         {specimen.Profile{Faults: []string{"drop=1"}}, zone, marz.Aborted, "lay the document down again", 0},
		"the channel is lost":    {specimen.Profile{Faults: []string{"forget=30"}}, zone, marz.Aborted, "refused to read", 5},
		"some groups alone":      {specimen.Profile{}, reading.Options{Zone: specimen.Defaults.Zone, Groups: []int{1}}, marz.Successful, "EF.DG2 was not asked for", 5},
	} {
		d, v := document(t, c.profile)
		got := reading.ReadChip(t.Context(), v, c.options)
		if got.Result != c.result || !strings.Contains(got.Reason, c.says) || len(got.Files) != c.files {
			t.Errorf("%s: %s, %q, %d files", what, got.Result, got.Reason, len(got.Files))
		}
		if name := sameFiles(got, d.Chip); name != "" {
			t.Errorf("%s: %s is not the chip's", what, name)
		}
	}
}

// Fingers and irises are never asked for, and the reading says so, whether EF.SOD lists them or, where it is missing, EF.COM.
func TestFingersAreNotTried(t *testing.T) {
	const said = "EF.DG3 needs rights that Marz does not have, and was not tried"
	d, v := document(t, specimen.Profile{Access: []string{"bac"}, Prove: []string{"none"}})
	key, err := testpki.NewKey(rand.Reader, testpki.Kind{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := testpki.Authority(rand.Reader, key, testpki.Profile{Country: "UT", CommonName: "Signer", Serial: 1, From: noon, Until: noon.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	sod, err := signer.SecurityObject(rand.Reader, map[int][]byte{1: v.Files[chip.DG(1)], 3: []byte("fingers"), 4: []byte("irises")}, crypto.SHA256, testpki.Form{})
	if err != nil {
		t.Fatal(err)
	}
	com := []byte("\x60\x16\x5f\x01\x040107\x5f\x36\x06040000\x5c\x04\x61\x75\x63\x76")
	for what, c := range map[string]struct {
		files  map[chip.File][]byte
		result marz.Result
	}{
		"EF.SOD": {map[chip.File][]byte{chip.EFCOM: com, chip.EFSOD: sod, chip.DG(1): v.Files[chip.DG(1)], chip.DG(3): []byte("fingers")}, marz.Successful},
		"EF.COM": {map[chip.File][]byte{chip.EFCOM: com, chip.DG(1): v.Files[chip.DG(1)], chip.DG(3): []byte("fingers")}, marz.Aborted},
	} {
		v.Files = c.files
		v.Reset()
		heard := &progressed{}
		got := reading.ReadChip(t.Context(), v, reading.Options{Zone: d.Zone, Groups: []int{1, 3, 4}, Progress: heard.hear})
		if got.Files[reading.DG(1)] == nil || got.Files[reading.DG(3)] != nil || got.Result != c.result || !strings.Contains(got.Reason, said) || !strings.Contains(got.Reason, "EF.DG4") {
			t.Errorf("by %s: %s, %q, %d files", what, got.Result, got.Reason, len(got.Files))
		}
		if slices.Contains(heard.files, reading.DG(3)) || slices.Contains(heard.files, reading.DG(4)) {
			t.Errorf("by %s: the chip was asked for %v", what, heard.files)
		}
	}
}

// progressed keeps of which files a reading was heard.
type progressed struct{ files []reading.FileName }

func (p *progressed) hear(file reading.FileName, _, _ int) { p.files = append(p.files, file) }

// spoken counts commands, and can call a reading off at one of them.
type spoken struct {
	chip.Card
	commands int
	offAt    int
	off      context.CancelFunc
}

func (s *spoken) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if s.commands++; s.commands == s.offAt {
		s.off()
	}
	return s.Card.Transmit(ctx, command)
}

// Law: whatever bit of whatever answer is another, and wherever document or reader are lifted or called off, what is kept is the chip's, and a reading that says that it is successful has every file.
func TestLawNothingIsKeptThatIsNotTheChips(t *testing.T) {
	profiles := []specimen.Profile{{Access: []string{"bac"}}, {Access: []string{"bac", "pace"}, Prove: []string{"active-ec"}}, {Access: []string{"bac", "cam"}, Prove: []string{"chip", "active-ec"}}}
	rapid.Check(t, func(rt *rapid.T) {
		d, v := document(t, rapid.SampledFrom(profiles).Draw(rt, "profile"))
		at := rapid.IntRange(1, 130).Draw(rt, "command")
		ctx, off := context.WithCancel(context.Background())
		defer off()
		card := &spoken{Card: v, off: off}
		switch rapid.IntRange(0, 3).Draw(rt, "fault") {
		case 0:
			v.Faults.DropAt = at
		case 1:
			v.Faults.SpoilAt = at
		case 2:
			v.Faults.Forget = at
		case 3:
			card.offAt = at
		}
		got := reading.ReadChip(ctx, card, reading.Options{Zone: d.Zone, Random: rand.Reader, Long: rapid.Bool().Draw(rt, "long")})
		if v.Faults.SpoilAt > 0 {
			delete(got.Files, reading.CardAccess) // it is read before anything is protected
		}
		if name := sameFiles(got, d.Chip); name != "" {
			rt.Fatalf("%s is not the chip's", name)
		}
		if got.Result == marz.Successful {
			for _, n := range d.Groups {
				if got.Files[reading.DG(n)] == nil {
					rt.Fatalf("successful, and DG%d was not read", n)
				}
			}
		}
		if got.Result != marz.Successful && got.Reason == "" {
			rt.Fatal("no reason")
		}
		if card.offAt > 0 && card.commands >= card.offAt && (got.Result != marz.Aborted || got.Reason != "the reading was called off" || card.commands > card.offAt) {
			rt.Fatalf("called off at command %d of %d: %s, %q", card.offAt, card.commands, got.Result, got.Reason)
		}
	})
}

// Whoever watches hears of every file from its beginning to its end, never backwards.
func TestProgress(t *testing.T) {
	d, v := document(t, specimen.Profile{})
	last := map[reading.FileName]int{}
	done := map[reading.FileName]bool{}
	got := reading.ReadChip(t.Context(), v, reading.Options{Zone: d.Zone, Progress: func(file reading.FileName, n, of int) {
		if n < last[file] || n > of {
			t.Errorf("%s: %d of %d after %d", file, n, of, last[file])
		}
		last[file], done[file] = n, n == of
	}})
	for name := range got.Files {
		if !done[name] {
			t.Errorf("%s was read, and its end was not heard of", name)
		}
	}
}

// A chip that says that it takes long commands is read in few of them, and one that does not in short ones alone, whatever the reader can.
func TestLongPieces(t *testing.T) {
	for _, short := range []bool{false, true} {
		d, v := document(t, specimen.Profile{ShortOnly: short})
		v.Faults.ShortOnly = short
		card := &spoken{Card: v}
		got := reading.ReadChip(t.Context(), card, reading.Options{Zone: d.Zone, Long: true})
		if got.Result != marz.Successful || short != (card.commands > 60) {
			t.Errorf("short alone %v: %s, %q, %d commands", short, got.Result, got.Reason, card.commands)
		}
	}
}
