package station

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd/pcsc"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/emrtd/vpcd"
	"marz/internal/pcsctest"
)

// Chips through a real pcscd: a document that lies there, one that opens by another zone, none, and an officer who does not wait.
func TestChipsThroughPCSC(t *testing.T) {
	d := pcsctest.Start(t)
	p := PCSC{Service: d.Service(), Reader: d.Reader, Wait: time.Minute}
	doc, err := specimen.Make(specimen.Profile{}, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	note := func(step string, _, _ int) { steps = append(steps, step) }

	impatient := p
	impatient.Wait = 20 * time.Millisecond
	if c := impatient.Read(t.Context(), doc.Zone, note); c.Result != marz.NotSupported || !strings.Contains(c.Reason, "no document with a chip lay on the reader within 20ms") {
		t.Errorf("without a document: %s, %s", c.Result, c.Reason)
	}
	called, off := context.WithCancelCause(t.Context())
	c := p.Read(called, doc.Zone, func(string, int, int) { off(errStopped) })
	if c.Result != marz.Aborted || c.Reason != errStopped.Error() {
		t.Errorf("called off while it waits: %s, %s", c.Result, c.Reason)
	}

	ctx, lift := context.WithCancel(t.Context())
	conn, err := vpcd.Dial(ctx, d.VPCD)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- vpcd.Serve(ctx, conn, doc.Chip, vpcd.ATR(true)) }()
	defer func() {
		lift()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	c = p.Read(t.Context(), doc.Zone, note)
	if c.Result != marz.Successful || !bytes.Equal(c.Files[reading.DG(1)], doc.Chip.Files[0x0101]) || c.Auth.Result != marz.Successful {
		t.Errorf("%s, %s, %d files", c.Result, c.Reason, len(c.Files))
	}
	if all := strings.Join(steps, " "); !strings.HasPrefix(all, "waiting for the document") || !strings.Contains(all, "EF.DG2") {
		t.Errorf("steps %s", all)
	}
	if c := p.Read(t.Context(), card, note); c.Result != marz.Failed || c.Files[reading.DG(1)] != nil {
		t.Errorf("by another document's zone: %s, %s", c.Result, c.Reason)
	}
}

func TestNoPCSC(t *testing.T) {
	p := PCSC{Service: pcsc.Service{Socket: t.TempDir() + "/none"}, Wait: time.Minute}
	if c := p.Read(t.Context(), passport, func(string, int, int) {}); c.Result != marz.Undetermined || c.Reason == "" {
		t.Errorf("%s, %s", c.Result, c.Reason)
	}
	called, off := context.WithCancelCause(t.Context())
	off(errors.New("over"))
	if c := p.Read(called, passport, func(string, int, int) {}); c.Result != marz.Aborted || c.Reason != "over" {
		t.Errorf("%s, %s", c.Result, c.Reason)
	}
}
