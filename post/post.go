package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"marz"
	"marz/agreement"
	"marz/emrtd/reading"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/mrz/photo"
	"marz/passkey"
	"marz/program"
	"marz/transfer"
	"marz/watchlist"
	"marz/web"
)

// Options are what a post takes from outside. Dir and Clock are required.
type Options struct {
	Dir   string
	Clock marz.Clock       // what the journal bears; an exercise's may be any
	Wall  func() time.Time // the machine's clock, for certificates and measured times; nil for time.Now
	Rand  io.Reader        // nil for the machine's
	Log   *slog.Logger     // nil for none; it is told no personal data
	// Exercise says that an exercise's folder is meant. One of the other kind is refused before anything is written to it.
	Exercise bool
	Demo     Traveller // next travellers of an exercise; nil elsewhere
	// Read reads the document of an exercise's traveller as a reader at his lane would, by its zone; nil: his zone is typed as by a keyboard, and so it is where nobody has accepted that reader (ExerciseReader).
	Read func(ctx context.Context, zone string) *reading.Reading

	// Times are sources of time beside Clock, for transfers of control. None: the machine's boot clock, anchored when both have armed; an exercise's clock is its own.
	Times []TimeSource
	// Mirrors says how much of the journal each authority's mirror has acknowledged, instead of those that post.toml names; nil: they do. It answers at once.
	Mirrors func() []transfer.Mirror
	// After is what waits on the way to mirrors and headquarters go by; nil for time.After.
	After func(time.Duration) <-chan time.Time

	// Copies says how far each mirror is with the journal, for monitoring, instead of those that post.toml names; nil: they do. It answers at once.
	Copies func() []mirror.Status

	// Photographs reads the zone in a photograph; nil: this post has no engine for it.
	Photographs func(ctx context.Context, photograph []byte, today marz.Date) (*photo.Reading, error)

	Viewers []marz.OfficerID // officers of an exercise whom people at browsers can play; none for all

	Driver string // database/sql driver of the journal; "" for the node's own. Tests give one with faults
}

// Traveller gives the next traveller of an exercise for a lane, as the text of a machine-readable zone.
type Traveller func(lane marz.Lane) string

// Post is a running post. Its methods may be called from any goroutine.
type Post struct {
	opts     Options
	engine   sync.Mutex // one photograph is read at a time, so that lanes keep a processor
	config   Config
	journal  *journal.Journal
	post     marz.Post
	sections []marz.Section // whose duty is kept here
	drawing  *web.Map       // of the frontiers; nil where there is none
	bodies   map[marz.AuthorityID]marz.Authority
	zone     *time.Location
	register atomic.Pointer[agreement.Register]
	history  *agreement.History             // of the register; the journal's writing goroutine owns it once the post is open
	recorded sync.Map                       // digests of the instruments in it, as keys; added to by the writing goroutine alone
	control  atomic.Pointer[control]        // as last recorded
	machine  atomic.Pointer[transfer.State] // of transfers, as last recorded; what it points to never changes
	fed      atomic.Pointer[map[string]fed] // mirrors by key, as last recorded; what it points to never changes
	pusher   *mirror.Pusher                 // to the mirrors of the configuration, in their order; nil: there are none
	copies   copies
	boot     bootClock
	shred    chan struct{} // to the watch: something is to be destroyed
	lists    *watchlist.Set
	loading  sync.Mutex // held while a list is loaded or destroyed
	anew     sync.Mutex // held while lists are read anew for a program: one at a time, so that none keeps the lanes busy
	built    sync.Map   // ID → *builtList, of lists in force that came from built files; written under loading
	keys     *dataKeys
	adopted  atomic.Pointer[adoptedLists]
	hqs      []*followedHQ                // that are followed
	hqLists  atomic.Pointer[[]ListSource] // their lists
	undone   atomic.Bool                  // something is to be destroyed and is not yet
	adopting sync.Mutex                   // held while the adopted alerts are put in force
	passkeys *passkey.RelyingParty
	key      []byte // of keyed digests of travellers and scans
	attempts seldom

	metrics   *metrics
	trust     atomic.Pointer[trust] // what documents are proven against; nil: nothing
	stations  *stations             // readers that have called
	portraits portraits
	elsewhere atomic.Pointer[elsewhere] // crossings at other posts, as the headquarters gave them; nil: nothing is known
	again     again
	retaining retaining
	live      web.Hub
}

// Open opens the post of a data folder and loads its lists. It does not serve yet.
func Open(ctx context.Context, o Options) (*Post, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand != nil {
		o.Rand = &sharedRandom{r: o.Rand}
	}
	p := &Post{opts: o, lists: watchlist.New(o.Wall), keys: newDataKeys(o.Dir, o.Rand), boot: bootClock{dir: o.Dir}, shred: make(chan struct{}), stations: newStations(o.Wall),
		again: again{lists: map[marz.ListID]bool{}, wake: make(chan struct{}, 1)}, copies: copies{open: map[string][]marz.ArticleRef{}, held: map[string]marz.Seq{}}, retaining: retaining{wake: make(chan struct{}, 1)}}
	p.metrics = newMetrics(p)
	var err error
	if p.config, err = readConfig(filepath.Join(o.Dir, configFile)); err != nil {
		return nil, err
	}
	if p.key, err = readKey(o.Dir); err != nil {
		return nil, err
	}
	signer, err := readSigner(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := p.checkAhead(ctx, signer); err != nil {
		return nil, err
	}
	p.journal, err = journal.Open(ctx, journal.Config{Dir: o.Dir, Key: signer, Clock: o.Clock, Rand: o.Rand, State: state{}, Log: o.Log, Driver: o.Driver, Exercise: o.Exercise})
	if err != nil {
		return nil, err
	}
	err = p.connect()
	if err == nil {
		err = p.prepare(ctx)
	}
	if err != nil {
		p.closeHeadquarters()
		p.journal.Close()
		return nil, err
	}
	p.offerCopies()
	return p, nil
}

func (p *Post) prepare(ctx context.Context) error {
	if err := p.loadState(ctx); err != nil {
		return err
	}
	if err := p.loadMap(); err != nil {
		return err
	}
	for _, l := range p.config.Lists {
		if _, ok := p.bodies[l.Authority]; l.Authority != "" && !ok {
			return &marz.Error{Code: marz.Invalid, Op: "read", Subject: configFile, Fix: fmt.Sprintf("the list %q is said to be of %q, which is no authority that is known here", l.ID, l.Authority)}
		}
	}
	for _, m := range p.config.Mirrors {
		if _, ok := p.bodies[m.Authority]; !ok {
			return &marz.Error{Code: marz.Invalid, Op: "read", Subject: configFile, Fix: fmt.Sprintf("a mirror is said to be of %q, which is no authority that is known here", m.Authority)}
		}
	}
	err := p.knowProposers()
	if err != nil {
		return err
	}
	p.passkeys, err = passkey.New(passkey.Config{Host: p.config.Host, Name: "Marz " + p.post.Name, Origins: p.config.origins(), Clock: p.wallClock(), Rand: p.opts.Rand})
	if err != nil {
		return err
	}
	if err := p.Tick(ctx); err != nil {
		return err
	}
	if err := p.openHeadquarters(ctx); err != nil {
		return err
	}
	p.destroy(ctx)
	if err := p.loadStays(ctx, nil); err != nil {
		return err
	}
	if err := p.loadTrust(ctx, nil); err != nil {
		return err
	}
	return p.loadLists(ctx, nil)
}

// path returns a path of the configuration, which is relative to the data folder.
func (p *Post) path(s string) string {
	if filepath.IsAbs(s) {
		return s
	}
	return filepath.Join(p.opts.Dir, s)
}

// mapFile is the drawing of the frontiers, beside the journal: it is no fact, and a post works without it.
const mapFile = "map.json"

func (p *Post) loadMap() error {
	var err error
	p.drawing, err = web.ReadMap(filepath.Join(p.opts.Dir, mapFile))
	return err
}

// wallClock is the machine's clock as a marz.Clock: a ceremony's five minutes are real ones even when an exercise's clock runs fast.
func (p *Post) wallClock() marz.Clock {
	return func() marz.Instant { return marz.InstantOf(p.opts.Wall()) }
}

// loadState reads what the post is, the register and who controls, from the state tables.
func (p *Post) loadState(ctx context.Context) error {
	db := p.journal.State()
	var doc string
	if err := db.QueryRowContext(ctx, `SELECT doc FROM s_post`).Scan(&doc); err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "open post", Subject: p.opts.Dir, Fix: "its journal does not describe a post; make the folder anew with marz init", Err: err}
	}
	var d describedEntry
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		return &marz.Error{Op: "open post", Subject: p.opts.Dir, Err: err}
	}
	if d.Index != folder.Digest(string(p.key)) {
		return &marz.Error{Code: marz.Invalid, Op: "open post", Subject: filepath.Join(p.opts.Dir, keyDir, indexFile), Fix: "this is not the post's key: it would not know its travellers again; put the right one back"}
	}
	p.post, p.sections, p.bodies = d.Post, d.Sections, map[marz.AuthorityID]marz.Authority{}
	for _, a := range d.Authorities {
		p.bodies[a.ID] = a
	}
	var err error
	if p.zone, err = time.LoadLocation(d.Post.Zone); err != nil {
		return &marz.Error{Op: "open post", Subject: d.Post.Zone, Fix: "this time zone is not known", Err: err}
	}
	events, err := readEvents(db)
	if err != nil {
		return &marz.Error{Op: "open post", Subject: "register", Err: err}
	}
	p.history = fold(d.ground(), events)
	for _, e := range events {
		if e.Passing == nil {
			i := e.Instrument()
			p.recorded.Store(i.Digest(), true)
		}
	}
	register, err := p.history.Register()
	if err != nil {
		return err
	}
	p.register.Store(register)
	var c control
	err = db.QueryRowContext(ctx, `SELECT authority, article FROM s_control WHERE lanes = '' ORDER BY seq DESC LIMIT 1`).Scan(&c.authority, &c.article)
	if err != nil {
		return &marz.Error{Op: "open post", Subject: "control", Err: err}
	}
	p.control.Store(&c)
	if err := p.loadTransfers(db); err != nil {
		return &marz.Error{Op: "open post", Subject: "transfers", Err: err}
	}
	if err := p.loadFed(db); err != nil {
		return err
	}
	if p.bootClocked() {
		armed, _ := p.armed()
		if err := p.boot.load(armed, p.now()); err != nil {
			p.opts.Log.Warn("the boot clock's anchor could not be kept: it ends with this process", "err", err)
		}
	}
	return nil
}

// Close ends the post after what is under way. It returns why the journal failed, if it did.
func (p *Post) Close() error {
	p.closeHeadquarters()
	return p.journal.Close()
}

// Journal returns the post's journal, to read and to prove.
func (p *Post) Journal() *journal.Journal { return p.journal }

// Described returns the post as its journal describes it.
func (p *Post) Described() marz.Post { return p.post }

// Controller returns the authority in control, as recorded.
func (p *Post) Controller() marz.AuthorityID { return p.control.Load().authority }

// Register returns the register as it is now known.
func (p *Post) Register() *agreement.Register { return p.register.Load() }

// Timeline returns who controls the post by the articles, in order of time.
func (p *Post) Timeline() []agreement.Holding { return p.register.Load().Timeline(p.post.ID.Place()) }

// Exercise reports whether this is an exercise's post. It is so from entry 0 and for ever: no setting changes it.
func (p *Post) Exercise() bool { return p.journal.Created().Exercise }

// Actor is an officer with an open session.
type Actor struct {
	Officer marz.OfficerID
	Role    marz.Role
	Name    string
	session string           // hex SHA-256 of the cookie
	program *program.Program // of a program, which has no session: its acceptance; nil for an officer
}

// act is one officer's act while it runs inside the journal.
type act struct {
	*journal.Tx
	post      *Post
	actor     Actor
	place     marz.PlaceID
	lane      marz.LaneID // where the act is about one
	under     marz.ArticleRef
	policy    string
	transfers *transfer.State   // of an act on a transfer: as it will be
	refused   *agreement.Answer // set when a question of the act itself was answered with no
}

// ask asks one more question within the act, about a record where there is one. What allows it is the article of the entries that follow.
func (a *act) ask(action marz.Action, record *agreement.Record) error {
	q := agreement.Question{Officer: a.actor.Officer, Role: a.actor.Role, Action: action, Place: a.place, Lane: a.lane, At: a.Now(), Record: record}
	answer := a.post.mayNow(a.actor, q)
	if !answer.Allowed {
		a.refused = &answer
		return answer.Err(q)
	}
	a.under = answer.Article
	return nil
}

// own returns the authority under which the officer acts.
func (a *act) own() marz.AuthorityID { return a.actor.Officer.Authority() }

// append adds an entry of this act.
func (a *act) append(kind string, public, private any) (journal.Entry, error) {
	return a.Append(journal.Draft{Kind: kind, Officer: a.actor.Officer, Authority: a.actor.Officer.Authority(), Under: a.under, Policy: a.policy,
		Public: public, Private: private})
}

// errDue says that control is to have passed since it was last recorded, so that this must be recorded first.
var errDue = errors.New("control is due to pass")

// act runs what an officer does, at one instant, after asking whether he may then. What no article gives him is refused and the
// refusal is an entry of the node.
func (p *Post) act(ctx context.Context, actor Actor, action marz.Action, do func(*act) error) error {
	return p.actOn(ctx, actor, p.post.ID.Place(), action, nil, do)
}

// actAt is act at a lane of the post, which can be under another authority than the rest.
func (p *Post) actAt(ctx context.Context, actor Actor, lane marz.LaneID, action marz.Action, do func(*act) error) error {
	return p.actOn(ctx, actor, p.post.ID.Place(), action, func(*journal.Tx) (subject, error) { return subject{lane: lane}, nil }, do)
}

// actIn is act on an inspection, at its lane. About one that there is not, the question is about the post: what is wrong is said to who may know.
func (p *Post) actIn(ctx context.Context, actor Actor, id marz.InspectionID, action marz.Action, do func(*act) error) error {
	return p.actOn(ctx, actor, p.post.ID.Place(), action, func(tx *journal.Tx) (s subject, err error) {
		r, err := readRow(tx, number(id))
		if marz.CodeOf(err) == marz.NotFound {
			return s, nil
		}
		if err == nil {
			s.lane = r.lane
		}
		return s, err
	}, do)
}

// subject is what beside the place an act is about.
type subject struct {
	lane   marz.LaneID       // none: the place as a whole
	record *agreement.Record // nil: no record
}

// about finds, inside the change, what an act is about.
type about func(*journal.Tx) (subject, error)

// ofRecord is about a record alone.
func ofRecord(find func(*journal.Tx) (*agreement.Record, error)) about {
	return func(tx *journal.Tx) (s subject, err error) {
		s.record, err = find(tx)
		return s, err
	}
}

// actOn is act at a place of this node, about a lane or a record.
func (p *Post) actOn(ctx context.Context, actor Actor, place marz.PlaceID, action marz.Action, what about, do func(*act) error) error {
	var refused agreement.Answer
	err := p.change(ctx, func(tx *journal.Tx) error {
		a, answer, err := p.begin(tx, actor, place, action, what)
		refused = answer
		if err != nil {
			return err
		}
		err = do(a)
		if a.refused != nil {
			refused = *a.refused
		}
		return err
	})
	if marz.CodeOf(err) == marz.Forbidden && refused.Reason != "" {
		p.recordRefusal(ctx, actor, action, refused)
	}
	p.live.Changed()
	return err
}

// change runs a change of the journal, after every passing of control that is due at its instant has been recorded.
func (p *Post) change(ctx context.Context, do func(*journal.Tx) error) error {
	for {
		if err := p.Tick(ctx); err != nil {
			return err
		}
		began := p.opts.Wall()
		err := p.journal.Update(ctx, func(tx *journal.Tx) error {
			if p.anyDue(tx.Now()) {
				return errDue
			}
			return do(tx)
		})
		if err == nil {
			p.metrics.commit.Observe(p.opts.Wall().Sub(began).Seconds())
		}
		if !errors.Is(err, errDue) {
			return err
		}
	}
}

// begin asks, inside the change and at its instant, whether the session is open and the act allowed.
func (p *Post) begin(tx *journal.Tx, actor Actor, place marz.PlaceID, action marz.Action, what about) (*act, agreement.Answer, error) {
	if err := p.openSession(tx, actor, tx.Now()); err != nil {
		return nil, agreement.Answer{}, err
	}
	register := p.register.Load()
	q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: place, At: tx.Now()}
	if what != nil {
		s, err := what(tx)
		if err != nil {
			return nil, agreement.Answer{}, err
		}
		q.Lane, q.Record = s.lane, s.record
	}
	answer := p.mayNow(actor, q)
	if !answer.Allowed {
		return nil, answer, answer.Err(q)
	}
	return &act{Tx: tx, post: p, actor: actor, place: place, lane: q.Lane, under: answer.Article, policy: register.Policy()}, answer, nil
}

// sessionLife is longer than any shift and shorter than two.
const sessionLife = 14 * time.Hour

const tooOld = "this session is older than a shift; sign in again"

// sessionEnded begins the words on a session that was ended, before why.
const sessionEnded = "this session has ended: "

// openSession reports whether the actor's session is still open, or a program's acceptance, and why not in words.
func (p *Post) openSession(q querier, actor Actor, now marz.Instant) error {
	if actor.program != nil {
		return p.openProgram(q, actor, now)
	}
	var opened marz.Instant
	var ended *int64
	var why *string
	var key string
	err := q.QueryRow(`SELECT opened, ended, why, commissioned FROM s_session WHERE hash = ? AND officer = ?`, actor.session, actor.Officer).Scan(&opened, &ended, &why, &key)
	switch {
	case absent(err):
		return &marz.Error{Code: marz.Unauthenticated, Op: "act", Fix: "nobody is signed in; sign in"}
	case err != nil:
		return err
	case ended != nil:
		return &marz.Error{Code: marz.Unauthenticated, Op: "act", Fix: sessionEnded + *why}
	case now.Sub(opened) > sessionLife:
		return &marz.Error{Code: marz.Unauthenticated, Op: "act", Fix: tooOld}
	case key != "" && !slices.Contains(p.commissioned(actor.Officer, now), key):
		return &marz.Error{Code: marz.Unauthenticated, Op: "act", Subject: string(actor.Officer),
			Fix: "the commission by which " + string(actor.Officer.Authority()) + " let this passkey in has ended; sign in again to see what it has to sign"}
	}
	return nil
}

// recordRefusal notes an attempt. That it cannot be noted is logged, and changes nothing for him who was refused.
// The same attempt is noted once a minute, so that nobody without power can fill the disk.
func (p *Post) recordRefusal(ctx context.Context, actor Actor, action marz.Action, answer agreement.Answer) {
	if !p.attempts.first(string(actor.Officer)+" "+string(action), p.now()) {
		return
	}
	err := p.node(ctx, func(n *node) error {
		return n.append(KindRefusedAct, refusedEntry{actor.Officer, action, answer.Reason}, nil)
	})
	if err != nil {
		p.opts.Log.Error("a refused act could not be recorded", "err", err)
	}
}

// now is the instant that an entry would bear: the clock's, and never one before the newest entry.
func (p *Post) now() marz.Instant { return max(p.opts.Clock(), p.journal.At()) }

// may asks the same question as act for a page that only reads what is not about a person, outside the journal.
func (p *Post) may(actor Actor, action marz.Action) error { return p.mayAt(actor, "", action) }

// mayAt is may at a lane.
func (p *Post) mayAt(actor Actor, lane marz.LaneID, action marz.Action) error {
	now := p.now()
	if err := p.openSession(p.journal.State(), actor, now); err != nil {
		return err
	}
	q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: p.post.ID.Place(), Lane: lane, At: now}
	return p.mayNow(actor, q).Err(q)
}

// node is the node's own act while it runs inside the journal: it happens under the authority that controls the post.
type node struct {
	*journal.Tx
	post *Post
}

// append adds an entry of the node.
func (n *node) append(kind string, public, private any) error {
	c := n.post.control.Load()
	_, err := n.Append(journal.Draft{Kind: kind, Authority: c.authority, Under: c.article, Policy: n.post.register.Load().Policy(), Public: public, Private: private})
	return err
}

func (p *Post) node(ctx context.Context, do func(*node) error) error {
	err := p.change(ctx, func(tx *journal.Tx) error { return do(&node{tx, p}) })
	p.live.Changed()
	return err
}

// keyed returns a digest that only this post can make, so that a stolen table gives no names away.
func (p *Post) keyed(what string, parts ...string) string { return folder.Keyed(p.key, what, parts...) }
