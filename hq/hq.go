package hq

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/hq/ledger"
	"marz/hq/nation"
	"marz/journal"
	"marz/mirror"
	"marz/passkey"
	"marz/web"
)

// The files of keys/. All nodes of one headquarters have the same.
const (
	signerFile = "node.key"   // signs heads
	mirrorFile = "mirror.key" // cosigns the heads of mirrored journals
	nodesFile  = "nodes.pem"  // certificate and key of the listener for nodes, which they know by its key
)

// mapFile is the drawing of the frontiers: it is no fact, and a headquarters works without it.
const mapFile = "map.json"

// Options are what a headquarters takes from outside. Dir and Clock are required.
type Options struct {
	Dir      string
	Clock    marz.Clock
	Wall     func() time.Time // the machine's clock, for certificates; nil for time.Now
	Rand     io.Reader        // nil for the machine's; safe for several goroutines
	Log      *slog.Logger     // nil for none; it is told no personal data
	Listen   string           // for browsers, in place of what hq.toml says
	Nodes    string           // for nodes, likewise
	Database string           // likewise
	Store    mirror.Store     // in place of the database, and not closed; tests let several nodes stand before one
	After    func(time.Duration) <-chan time.Time
}

// HQ is a node of a headquarters. Its methods may be called from any goroutine.
type HQ struct {
	opts      Options
	config    Config
	store     mirror.Store
	ledger    *ledger.Ledger
	state     *state
	cosigner  *mirror.Cosigner
	mirrorKey string // the cosigner's verifier key
	receiver  *mirror.Receiver
	origin    marz.Origin // of its own journal
	vkey      string      // that journal's verifier key
	passkeys  *passkey.RelyingParty
	nodesTLS  tls.Certificate
	drawing   *web.Map // of the frontiers; nil where there is none
	live      web.Hub
	index     *nation.Index // over the mirrored journals
	indexDB   *sql.DB
	metrics   *metrics
	retained  atomic.Pointer[web.RetentionLook] // what the last pass found
	wake      chan struct{}                     // of one place: look for what is due
	seen      atomic.Pointer[overview]
	ill       atomic.Pointer[error] // why the database did not answer when it was last asked; nil: it did
}

// Open opens the headquarters of a data folder. It does not serve yet.
func Open(ctx context.Context, o Options) (*HQ, error) {
	o.defaults()
	h := &HQ{opts: o, state: newState(), wake: make(chan struct{}, 1)}
	h.metrics = newMetrics(h)
	var err error
	if h.config, err = readConfig(filepath.Join(o.Dir, configFile)); err != nil {
		return nil, err
	}
	h.config.Listen, h.config.Nodes = cmp.Or(o.Listen, h.config.Listen), cmp.Or(o.Nodes, h.config.Nodes)
	h.config.Database = cmp.Or(o.Database, h.config.Database)
	if err := h.config.validate(filepath.Join(o.Dir, configFile)); err != nil {
		return nil, err
	}
	if err := h.openKeys(); err != nil {
		return nil, err
	}
	if h.drawing, err = web.ReadMap(filepath.Join(o.Dir, mapFile)); err != nil {
		return nil, err
	}
	if h.store = o.Store; h.store == nil {
		if h.store, err = openStore(ctx, o.Dir, h.config.Database); err != nil {
			return nil, err
		}
	}
	if err := h.open(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (o *Options) defaults() {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.After == nil {
		o.After = time.After
	}
}

func (h *HQ) openKeys() error {
	text, err := folder.ReadKey(h.opts.Dir, mirrorFile, "the key of cosignatures")
	if err != nil {
		return err
	}
	if h.cosigner, err = mirror.NewCosigner(text, h.opts.Clock); err != nil {
		return err
	}
	h.mirrorKey = h.cosigner.VerifierKey()
	h.nodesTLS, err = folder.SelfSigned(h.opts.Dir, nodesFile)
	return err
}

func (h *HQ) open(ctx context.Context) error {
	signer, err := folder.ReadKey(h.opts.Dir, signerFile, "the node's key")
	if err != nil {
		return err
	}
	_, v, vkey, err := journal.OpenKey(signer)
	if err != nil {
		return err
	}
	h.origin, h.vkey = marz.Origin(v.Name()), vkey
	h.receiver = mirror.NewReceiver(mirror.ReceiverConfig{Store: h.store, Cosigner: h.cosigner, Clock: h.opts.Clock, Log: h.opts.Log, Files: h.openFile, After: h.opts.After})
	if err := h.receiver.SetOrigins(h.origins()); err != nil {
		return err
	}
	h.ledger, err = ledger.Open(ctx, ledger.Config{Store: h.store, Key: signer, Clock: h.opts.Clock, Rand: h.opts.Rand, Dir: h.opts.Dir, Fold: h.fold, After: h.opts.After, Log: h.opts.Log})
	if err != nil {
		return err
	}
	if err := h.checkDescribed(); err != nil {
		return err
	}
	if err := h.openIndex(ctx); err != nil {
		return err
	}
	h.passkeys, err = passkey.New(passkey.Config{Host: h.config.Host, Name: "Marz " + string(h.config.Authority), Origins: []string{h.config.origin()}, Clock: h.opts.Clock, Rand: h.opts.Rand})
	return err
}

// fold is told each entry of the headquarters' own journal, whoever appended it.
func (h *HQ) fold(e journal.Entry, payload []byte) error {
	if err := h.state.apply(e, payload); err != nil {
		return err
	}
	if e.Kind == KindNode || e.Kind == KindNodeGone {
		return h.receiver.SetOrigins(h.origins())
	}
	return nil
}

// checkDescribed holds folder and journal to each other.
func (h *HQ) checkDescribed() error {
	d := h.state.described
	bad := func(subject, what string) error {
		return &marz.Error{Code: marz.Invalid, Op: "open headquarters", Subject: subject, Fix: what}
	}
	switch {
	case d == nil:
		return bad(h.opts.Dir, "its journal does not describe a headquarters; make the folder anew with marz hq init")
	case d.Authority != h.config.Authority:
		return bad(configFile, fmt.Sprintf("authority is %q, and by its journal this is the headquarters of %q", h.config.Authority, d.Authority))
	case d.Mirror != h.mirrorKey:
		return bad(filepath.Join(h.opts.Dir, folder.Keys, mirrorFile), "it is another key than the one by which nodes know this headquarters; put the right one back")
	}
	if _, err := time.LoadLocation(d.Zone); err != nil {
		return &marz.Error{Op: "open headquarters", Subject: d.Zone, Fix: "this time zone is not known", Err: err}
	}
	_, err := h.state.now()
	return err
}

// Close ends the node. It returns why it stopped by itself, if it did.
func (h *HQ) Close() error {
	var err error
	if h.ledger != nil {
		err = cmpErr(h.ledger.Failure(), h.ledger.Close())
	}
	err = cmpErr(err, closeIndex(h.indexDB))
	if h.opts.Store == nil {
		err = cmpErr(err, h.store.Close())
	}
	return err
}

// cmpErr returns the first error.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Address is what to open in a browser.
func (h *HQ) Address() string { return h.config.origin() + "/" }

// Authority returns whose headquarters it is.
func (h *HQ) Authority() marz.AuthorityID { return h.config.Authority }

// Ledger returns the headquarters' own journal, to read and to prove.
func (h *HQ) Ledger() *ledger.Ledger { return h.ledger }

// Store returns what the mirrored journals lie in.
func (h *HQ) Store() mirror.Store { return h.store }

// Register returns the register as it is known at this node.
func (h *HQ) Register() *agreement.Register {
	r, err := h.state.now()
	if err != nil { // Consider has held every instrument to the law before it was recorded
		panic("hq: the register does not follow from what was recorded: " + err.Error())
	}
	return r
}

// now is the instant that an entry would bear: the clock's, and never one before the newest entry.
func (h *HQ) now() marz.Instant { return max(h.opts.Clock(), h.ledger.At()) }
