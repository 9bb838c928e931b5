package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"marz/mirror"
	"marz/mirror/pgstore"
)

// authority is whose headquarters it is.
const authority = "am-bg"

// fleet is the campaign: machines, what runs on them, and what was found amiss.
type fleet struct {
	options
	base  string
	netem bool
	began time.Time
	over  atomic.Bool // the machines are being removed, and nothing that ends is amiss

	hosts    map[string]*host
	places   []place
	posts    []*process
	nodes    map[string]*process // of headquarters
	database *database
	store    *pgstore.Store // the campaign's own look into the database
	cosigner string         // verifier key of the mirror's cosignatures

	mu    sync.Mutex
	amiss []string
	sizes map[string]int64 // of each mirror, as it was seen last: what was acknowledged is never gone
}

func (f *fleet) say(format string, a ...any) {
	fmt.Printf("%7.1f  %s\n", time.Since(f.began).Seconds(), fmt.Sprintf(format, a...))
}

// wrong notes what must not be.
func (f *fleet) wrong(who, what string) {
	if f.over.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.amiss = append(f.amiss, who+": "+what)
	f.say("AMISS  %s: %s", who, what)
}

func (f *fleet) path(parts ...string) string {
	return filepath.Join(append([]string{f.base}, parts...)...)
}

func (f *fleet) run(ctx context.Context) error {
	if err := f.build(ctx); err != nil {
		return err
	}
	defer f.store.Close()
	var names []string
	for _, p := range f.posts {
		names = append(names, p.host.name)
	}
	faults := schedule(f.seed, names, f.lasts)
	for _, x := range faults {
		fmt.Println(x)
	}
	f.say("%d posts, %d faults in %s, seed %d; delay and loss by netem: %v", len(f.posts), len(faults), f.lasts, f.seed, f.netem)
	if err := f.start(ctx); err != nil {
		return err
	}
	if err := f.suffer(ctx, faults); err != nil {
		return err
	}
	f.say("all lines are up")
	if err := f.calm(ctx); err != nil {
		return err
	}
	return f.judge(ctx, faults)
}

// build makes machines, database, headquarters and posts.
func (f *fleet) build(ctx context.Context) (err error) {
	if err := os.Mkdir(f.path("scenario"), 0o700); err != nil {
		return err
	}
	if f.places, err = writeScenario(f.path("scenario"), f.options.posts); err != nil {
		return err
	}
	if f.netem, err = makeHub(ctx); err != nil {
		return err
	}
	f.hosts, f.nodes = map[string]*host{}, map[string]*process{}
	names := []string{"db", "hq-a", "hq-b"}
	for _, p := range f.places {
		names = append(names, string(p.id))
	}
	for i, name := range names {
		// Both nodes have one name; posts try them in different order.
		a, b := "10.77.0.2 hq.fleet\n", "10.77.0.3 hq.fleet\n"
		if i%2 == 1 {
			a, b = b, a
		}
		if f.hosts[name], err = addHost(ctx, name, i, a+b+"10.77.0.1 db.fleet\n"); err != nil {
			return err
		}
	}
	if f.database, err = newDatabase(ctx, f.hosts["db"], f.path("pg")); err != nil {
		return err
	}
	if f.store, err = pgstore.Open(ctx, f.database.local()); err != nil {
		return err
	}
	f.say("the machines are there, and the database")
	if err := f.headquarters(ctx); err != nil {
		return err
	}
	if err := f.make(ctx); err != nil {
		return err
	}
	f.say("headquarters and %d posts are made and know each other", len(f.posts))
	return nil
}

// marzAt runs the program on a machine to its end.
func (f *fleet) marzAt(ctx context.Context, h *host, args ...string) (string, error) {
	return run(ctx, append([]string{"nice", "-n", "10", "ip", "netns", "exec", h.ns(), f.marz}, args...)...)
}

// headquarters makes the two nodes and starts them, as docs/guides/hq.md says.
func (f *fleet) headquarters(ctx context.Context) error {
	_, err := f.marzAt(ctx, f.hosts["hq-a"], "hq", "init", f.path("hq-a"), "--scenario", f.path("scenario"), "--authority", authority, "--origin", "fleet/hq",
		"--supervisor", authority+"/0001", "--name", "A. Supervisor", "--host", "hq.fleet", "--database", f.database.url())
	if err != nil {
		return err
	}
	if err := os.Mkdir(f.path("hq-b"), 0o700); err != nil {
		return err
	}
	if err := each(ctx, "cp -r "+f.path("hq-a", "hq.toml")+" "+f.path("hq-a", "keys")+" "+f.path("hq-b")); err != nil {
		return err
	}
	for _, name := range []string{"hq-a", "hq-b"} {
		p := &process{host: f.hosts[name], args: []string{"hq", "--data", f.path(name)}, log: f.path(name + ".log"), wrong: f.wrong}
		f.nodes[name] = p
		if err := p.start(f.marz); err != nil {
			return err
		}
	}
	return nil
}

// make makes the posts, two at a time, and lets headquarters and them know each other.
func (f *fleet) make(ctx context.Context) error {
	mirrors, err := f.marzAt(ctx, f.hosts["hq-a"], "hq", "identity", "--data", f.path("hq-a"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(mirrors) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == "key" {
			f.cosigner = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2)
	f.posts = make([]*process, len(f.places))
	for i, p := range f.places {
		group.Go(func() (err error) {
			f.posts[i], err = f.post(inner, i, p, mirrors)
			return err
		})
	}
	return group.Wait()
}

func (f *fleet) post(ctx context.Context, i int, at place, mirrors string) (*process, error) {
	h, dir := f.hosts[string(at.id)], f.path(string(at.id))
	begun := strings.Replace(at.start, ":00+", ":05+", 1)
	if _, err := f.marzAt(ctx, h, "demo", "--data", dir, "--scenario", f.path("scenario"), "--post", string(at.id), "--start", at.start, "--until", begun, "--report", dir+".json"); err != nil {
		return nil, err
	}
	id, err := f.marzAt(ctx, h, "post", "identity", "--data", dir)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(dir+".toml", []byte(id), 0o600); err != nil {
		return nil, err
	}
	if _, err := f.marzAt(ctx, f.hosts["hq-a"], "hq", "node", "add", "--data", f.path("hq-a"), dir+".toml"); err != nil {
		return nil, err
	}
	config, err := os.OpenFile(filepath.Join(dir, "post.toml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	config.WriteString("\n" + mirrors)
	p := &process{host: h, log: dir + ".log", wrong: f.wrong, args: []string{"demo", "--data", dir, "--played", "--speed", fmt.Sprint(f.speed), "--seed", strconv.FormatUint(f.seed+uint64(i), 10)}}
	return p, config.Close()
}

// lives starts a post with its traffic.
func (f *fleet) lives(p *process) error { return p.start(f.marz, "--traffic", fmt.Sprint(f.traffic)) }

// start starts all posts, a few a second.
func (f *fleet) start(ctx context.Context) error {
	for _, p := range f.posts {
		if err := f.lives(p); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	f.say("all posts are started")
	return nil
}

// suffer lets the faults come, each at its time.
func (f *fleet) suffer(ctx context.Context, faults []fault) error {
	begin := time.Now()
	look := time.NewTicker(5 * time.Second)
	defer look.Stop()
	for _, s := range append(steps(faults), step{at: f.lasts}) {
		for due := time.After(time.Until(begin.Add(s.at))); due != nil; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-look.C:
				f.look(ctx)
			case <-due:
				due = nil
			}
		}
		if s.host == "" {
			continue
		}
		if s.begin {
			f.say("%s: %s", s.host, s.kind)
		}
		if err := f.befall(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.fault, err)
		}
	}
	return nil
}

// befall makes a fault begin or end.
func (f *fleet) befall(ctx context.Context, s step) error {
	h := f.hosts[s.host]
	switch s.kind {
	case cutLine, flapping, nodeCut, databaseCut:
		return h.cut(ctx, s.begin)
	case postKilled, nodeKilled:
		return f.kill(s)
	case databasePaused:
		signalTo(ctx, h.ns(), map[bool]syscall.Signal{true: syscall.SIGSTOP, false: syscall.SIGCONT}[s.begin])
		return nil
	case databaseKilled:
		if s.begin {
			return f.database.kill(ctx)
		}
		return f.database.start(ctx)
	}
	if !s.begin {
		return h.sound(ctx)
	}
	switch s.kind {
	case slowLine:
		return h.slow(ctx, s.kbit, f.netem)
	case upGone:
		return h.drop(ctx, false)
	default: // downGone, nodeDeaf
		return h.drop(ctx, true)
	}
}

func (f *fleet) kill(s step) error {
	p, ok := f.nodes[s.host]
	if !ok {
		for _, q := range f.posts {
			if q.host.name == s.host {
				p = q
			}
		}
	}
	switch {
	case s.begin:
		return p.end(syscall.SIGKILL)
	case ok:
		return p.start(f.marz)
	}
	return f.lives(p)
}

// look asks the database how far each mirror is, and finds it amiss when one has less than was acknowledged.
func (f *fleet) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	held, behind := int64(0), 0
	for _, p := range f.posts {
		_, origin, err := journalOf(f.path(p.host.name))
		if err != nil {
			f.wrong(p.host.name, err.Error())
			return
		}
		st, err := f.store.State(ctx, origin)
		if err != nil {
			return // the database has a fault
		}
		f.mu.Lock()
		before := f.sizes[p.host.name]
		f.sizes[p.host.name] = st.Size
		f.mu.Unlock()
		if st.Size < before {
			f.wrong(p.host.name, fmt.Sprintf("its mirror had acknowledged %d entries and now has %d", before, st.Size))
		}
		held += st.Size
		if f.size(p) > st.Size {
			behind++
		}
	}
	f.say("the mirrors hold %d entries; %d of %d posts are ahead of theirs", held, behind, len(f.posts))
}

// patience is for how long posts may take to catch up once all lines are up.
const patience = 5 * time.Minute

// calm ends the traffic: all posts are stopped and started again without travellers, and all mirrors catch up. Then the posts end.
func (f *fleet) calm(ctx context.Context) error {
	var group errgroup.Group
	for _, p := range f.posts {
		group.Go(func() error { return p.end(syscall.SIGTERM) })
	}
	if err := group.Wait(); err != nil {
		f.wrong("the end", err.Error())
	}
	ended := map[string]int64{}
	for _, p := range f.posts {
		ended[p.host.name] = f.size(p)
		if err := p.start(f.marz, "--traffic", "0.0001"); err != nil {
			return err
		}
	}
	began := time.Now()
	for {
		behind := f.behind(ctx, ended)
		if len(behind) == 0 {
			break
		}
		if time.Since(began) > patience {
			return fmt.Errorf("after %s these have not caught up:\n%s", patience, strings.Join(behind, "\n"))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	f.say("all mirrors have caught up, %.0f s after the posts were started for the last time", time.Since(began).Seconds())
	for _, p := range f.posts {
		group.Go(func() error { return p.end(syscall.SIGTERM) })
	}
	return group.Wait()
}

// size is how many entries a post has signed.
func (f *fleet) size(p *process) int64 {
	head, _ := os.ReadFile(f.path(p.host.name, "head"))
	return sizeOf(head)
}

// behind names the posts whose mirrors have not all, with where they are. One that has recorded nothing since it ended, not even that its officers signed in, is still starting.
func (f *fleet) behind(ctx context.Context, ended map[string]int64) (all []string) {
	for _, p := range f.posts {
		_, origin, err := journalOf(f.path(p.host.name))
		var st mirror.State
		if err == nil {
			st, err = f.store.State(ctx, origin)
		}
		size := f.size(p)
		if err != nil || size <= ended[p.host.name] || st.Size < size || st.Heads < size || st.Payloads < size {
			all = append(all, fmt.Sprintf("  %s: journal %d, mirror %+v %v", p.host.name, size, st, err))
		}
	}
	return all
}
