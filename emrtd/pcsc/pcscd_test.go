package pcsc_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/pcsc"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/internal/pcsctest"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func document(t testing.TB, p specimen.Profile) *specimen.Document {
	t.Helper()
	p.Signer, p.CSCA = "P-256", "P-256"
	d, err := specimen.Make(p, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// laid lays a document on the reader and opens it. lift lifts it, and waits until pcscd has seen that.
func laid(t testing.TB, d pcsctest.Daemon, c *chip.Virtual) (card *pcsc.Card, lift func()) {
	t.Helper()
	gone, _ := d.Lay(t, c)
	r, err := d.Service().WaitDocument(t.Context(), d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if card, err = d.Service().Open(t.Context(), r.Name); err != nil {
		t.Fatal(err)
	}
	return card, func() {
		t.Helper()
		gone()
		if err := d.Service().WaitLifted(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// Documents are read through pcscd and its virtual reader, by every way, in short commands and long ones.
func TestReadingThroughPCSCD(t *testing.T) {
	d := pcsctest.Start(t)
	for _, p := range []specimen.Profile{{Access: []string{"bac"}}, {Access: []string{"bac", "pace"}}, {Access: []string{"bac", "cam"}, Prove: []string{"active-ec"}}} {
		doc := document(t, p)
		card, lift := laid(t, d, doc.Chip)
		most, err := card.MostData(t.Context())
		if err != nil || most != 65536 && most != 256 { // older ones do not say
			t.Errorf("the reader takes %d bytes, %v", most, err)
		}
		for _, long := range []bool{false, true} {
			got := reading.ReadChip(t.Context(), card, reading.Options{Zone: doc.Zone, Long: long})
			if got.Result != marz.Successful || len(got.Files) < 7 {
				t.Errorf("%v, long %v: %s, %q, %d files", p.Access, long, got.Result, got.Reason, len(got.Files))
			}
			if err := card.Close(); err != nil {
				t.Error(err)
			}
			if long {
				break
			}
			if card, err = d.Service().Open(t.Context(), d.Reader); err != nil {
				t.Fatal(err)
			}
		}
		lift()
	}
}

// A chip that is switched off by the program that read it stays closed for the next one.
func TestNothingStaysOpen(t *testing.T) {
	d := pcsctest.Start(t)
	doc := document(t, specimen.Profile{Access: []string{"bac"}})
	card, _ := laid(t, d, doc.Chip)
	if got := reading.ReadChip(t.Context(), card, reading.Options{Zone: doc.Zone}); got.Result != marz.Successful {
		t.Fatal(got.Reason)
	}
	if err := card.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := d.Service().Open(t.Context(), d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := reading.ReadChip(t.Context(), again, reading.Options{}); got.Result != marz.Undetermined || len(got.Files) > 0 {
		t.Errorf("without a zone: %s, %q, %d files", got.Result, got.Reason, len(got.Files))
	}
}

// What is missing has its name and says what to do.
func TestWhatIsMissing(t *testing.T) {
	_, err := pcsc.Service{Socket: filepath.Join(t.TempDir(), "pcscd.comm")}.Readers(t.Context())
	if !errors.Is(err, pcsc.ErrNotRunning) || !strings.Contains(err.Error(), "apt-get install pcscd") {
		t.Errorf("no pcscd: %v", err)
	}
	d := pcsctest.Start(t)
	s := d.Service()
	if _, err := s.Open(t.Context(), "No such reader"); !errors.Is(err, pcsc.ErrReaderGone) || !strings.Contains(err.Error(), "marz card readers") {
		t.Errorf("another reader: %v", err)
	}
	if _, err := s.Open(t.Context(), d.Reader); !errors.Is(err, pcsc.ErrLifted) {
		t.Errorf("an empty reader: %v", err)
	}
	if _, err := s.Open(t.Context(), strings.Repeat("x", 128)); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a name that is too long: %v", err)
	}
	list, err := s.Readers(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != d.Reader || list[0].Document {
		t.Errorf("%+v, %v", list, err)
	}
	card, lift := laid(t, d, document(t, specimen.Profile{}).Chip)
	defer card.Close()
	if _, err := s.Open(t.Context(), d.Reader); !errors.Is(err, pcsc.ErrInUse) {
		t.Errorf("a reader in use: %v", err)
	}
	lift()
	if _, err := card.Transmit(t.Context(), []byte{0, 0xa4, 4, 0x0c}); !errors.Is(err, pcsc.ErrLifted) {
		t.Errorf("a document that was lifted a while ago: %v", err)
	}
}

// A document that is lifted while it is read ends the reading with what was read, and so does calling it off; the reader serves the next.
func TestLiftedAndCalledOff(t *testing.T) {
	d := pcsctest.Start(t)
	doc := document(t, specimen.Profile{Access: []string{"bac"}, Faults: []string{"drop=30"}})
	card, lift := laid(t, d, doc.Chip)
	got := reading.ReadChip(t.Context(), card, reading.Options{Zone: doc.Zone})
	if got.Result != marz.Aborted || !strings.Contains(got.Reason, "lay the document down again") || got.Files[reading.SOD] == nil {
		t.Errorf("lifted: %s, %q, %d files", got.Result, got.Reason, len(got.Files))
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
	lift()

	doc = document(t, specimen.Profile{Access: []string{"bac"}})
	card, _ = laid(t, d, doc.Chip)
	ctx, off := context.WithCancel(t.Context())
	got = reading.ReadChip(ctx, card, reading.Options{Zone: doc.Zone, Progress: func(file reading.FileName, _, _ int) {
		if file == reading.DG(2) {
			off()
		}
	}})
	if got.Result != marz.Aborted || got.Reason != "the reading was called off" || got.Files[reading.SOD] == nil {
		t.Errorf("called off: %s, %q, %d files", got.Result, got.Reason, len(got.Files))
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d.Service().WaitDocument(ctx, d.Reader); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting with a context that has ended: %v", err)
	}
}

// Whoever waits for a document hears of it when it comes, and stops waiting when told to.
func TestWaiting(t *testing.T) {
	d := pcsctest.Start(t)
	s := d.Service()
	ctx, off := context.WithCancel(t.Context())
	called := make(chan error, 1)
	go func() {
		_, err := s.WaitDocument(ctx, "")
		called <- err
	}()
	off()
	if err := <-called; !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	came := make(chan pcsc.Reader, 1)
	go func() {
		r, _ := s.WaitDocument(t.Context(), "")
		came <- r
	}()
	lift, _ := d.Lay(t, document(t, specimen.Profile{}).Chip)
	r := <-came
	if r.Name != d.Reader || !r.Document || len(r.ATR) == 0 {
		t.Errorf("%+v", r)
	}
	lift()
	if err := s.WaitLifted(t.Context(), r); err != nil {
		t.Error(err)
	}
}
