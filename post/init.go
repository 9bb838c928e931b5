package post

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/inspection"
	"marz/journal"
	"marz/passkey"
)

// Setup says what post to make, and in which folder.
type Setup struct {
	Dir        string
	Origin     marz.Origin
	Post       marz.Post
	Ground     agreement.Ground
	Sections   []marz.Section         // whose duty this node keeps
	Register   []agreement.Instrument // agreements and statements from which the post begins
	Map        []byte                 // drawing of the frontiers for the page with the map; nil for none
	Config     Config
	Supervisor Officer   // the first officer, who invites the others
	Officers   []Officer // of an exercise: invented, enrolled without a passkey
	Exercise   bool      // from entry 0 and for ever
	Clock      marz.Clock
	Wall       func() time.Time
	Rand       io.Reader // nil for the machine's

	index []byte // drawn by Init: the key of keyed digests
}

// Officer is an officer to enrol.
type Officer struct {
	ID   marz.OfficerID
	Name string
	Role marz.Role
}

// Init makes the folder of a new post: keys, local CA, configuration and journal. It returns the link with which the first supervisor makes
// a passkey; an exercise has none. On an error nothing that can be mistaken for a post is left behind.
func Init(ctx context.Context, s Setup) (link string, err error) {
	if s.Rand == nil {
		s.Rand = rand.Reader
	}
	register, err := s.check()
	if err != nil {
		return "", err
	}
	holding, ok := register.ControlAt(s.Post.ID.Place(), s.Clock())
	if !ok {
		return "", &marz.Error{Code: marz.Invalid, Op: "init", Subject: string(s.Post.ID), Fix: "no article gives control of it to anybody at " + s.Clock().String() + "; a post without a controller cannot begin"}
	}
	err = folder.Make(s.Dir, func(dir string) error {
		s.Dir = dir
		link, err = s.build(ctx, register, holding)
		return err
	})
	return link, err
}

// build makes the whole folder.
func (s *Setup) build(ctx context.Context, register *agreement.Register, holding agreement.Holding) (string, error) {
	signer, err := s.writeFiles()
	if err != nil {
		return "", &marz.Error{Op: "init", Subject: s.Dir, Err: err}
	}
	cfg := journal.Config{Dir: s.Dir, Key: signer, Clock: s.Clock, Rand: s.Rand, State: state{}, Exercise: s.Exercise}
	genesis := journal.Draft{Authority: holding.Authority, Under: holding.Article, Policy: register.Policy()}
	if err := journal.Create(ctx, cfg, genesis, journal.Created{Post: s.Post.ID}); err != nil {
		return "", err
	}
	j, err := journal.Open(ctx, cfg)
	if err != nil {
		return "", err
	}
	code, err := s.firstEntries(ctx, j, register, holding)
	if e := j.Close(); err == nil {
		err = e
	}
	if err != nil || s.Exercise {
		return "", err
	}
	return s.Config.origins()[0] + "/enrol/" + code, nil
}

func (s *Setup) check() (*agreement.Register, error) {
	if err := s.Post.ID.Validate(); err != nil {
		return nil, err
	}
	for _, l := range s.Post.Lanes {
		if err := l.ID.Validate(); err != nil {
			return nil, err
		}
		if err := l.Direction.Validate(); err != nil {
			return nil, err
		}
	}
	if len(s.Post.Lanes) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "init", Subject: string(s.Post.ID), Fix: "the post has no lanes"}
	}
	for _, o := range append([]Officer{s.Supervisor}, s.Officers...) {
		if o.ID == "" && s.Exercise {
			continue
		}
		if err := o.ID.Validate(); err != nil {
			return nil, err
		}
	}
	if err := s.Config.validate(configFile); err != nil {
		return nil, err
	}
	if _, err := passkey.New(passkey.Config{Host: s.Config.Host, Name: "Marz", Origins: s.Config.origins(), Clock: s.Clock}); err != nil {
		return nil, err
	}
	register, err := s.register()
	if err != nil || s.Exercise {
		return register, err
	}
	q := agreement.Question{Officer: s.Supervisor.ID, Role: marz.RoleSupervisor, Action: marz.ActEnrol, Place: s.Post.ID.Place(), At: s.Clock()}
	return register, register.May(q).Err(q)
}

// register makes the register from which the post begins. What is signed there must be signed well.
func (s *Setup) register() (*agreement.Register, error) {
	var events []agreement.Event
	for i := range s.Register {
		if len(s.Register[i].Signatures) > 0 {
			if err := s.Register[i].CheckSignatures(&s.Ground); err != nil {
				return nil, err
			}
		}
		events = append(events, s.Register[i].Event())
	}
	r, err := agreement.NewHistory(s.Ground).Consider(s.Clock(), events...)
	if err != nil {
		return nil, err
	}
	return r, r.Validate()
}

// writeFiles writes keys, CA and configuration, and returns the signer.
func (s *Setup) writeFiles() (string, error) {
	signer, _, err := journal.NewKey(s.Rand, s.Origin)
	if err != nil {
		return "", err
	}
	s.index = make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, s.index); err != nil {
		return "", err
	}
	var config bytes.Buffer
	fmt.Fprintf(&config, "# How this machine serves the post %s. What the post is, and who may do what there, stands in its journal.\n", s.Post.ID)
	if err := toml.NewEncoder(&config).Encode(s.Config); err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{
		filepath.Join(keyDir, signerFile): []byte(signer + "\n"),
		filepath.Join(keyDir, indexFile):  []byte(hex.EncodeToString(s.index) + "\n"),
		configFile:                        config.Bytes(),
		mapFile:                           s.Map,
	} {
		if name == mapFile && data == nil {
			continue
		}
		if err := folder.Write(filepath.Join(s.Dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return signer, folder.MakeCA(s.Dir, s.Config.Host, "Marz post "+s.Config.Host, s.Wall())
}

// firstEntries records what the post is, the register, who controls, and who may sign in.
func (s *Setup) firstEntries(ctx context.Context, j *journal.Journal, register *agreement.Register, h agreement.Holding) (string, error) {
	code, err := folder.Secret(s.Rand)
	if err != nil {
		return "", err
	}
	draft := func(kind string, public, private any) journal.Draft {
		return journal.Draft{Kind: kind, Authority: h.Authority, Under: h.Article, Policy: register.Policy(), Public: public, Private: private}
	}
	drafts := []journal.Draft{draft(KindDescribed, describedEntry{s.Post, folder.Digest(string(s.index)), s.Ground.Authorities, s.Ground.Places, s.Ground.Blocs, s.Sections}, nil)}
	for i := range s.Register {
		drafts = append(drafts, draft(instrumentKind(&s.Register[i]), s.Register[i], nil))
	}
	drafts = append(drafts, draft(KindControl, controlEntry{Place: s.Post.ID.Place(), To: h.Authority, Instant: h.From}, nil))
	for _, o := range s.Officers {
		if s.Exercise {
			drafts = append(drafts, draft(KindEnrolled, enrolledEntry{Officer: o.ID, Role: o.Role, Method: "exercise"}, credentialPrivate{Name: o.Name}))
		}
	}
	if !s.Exercise {
		drafts = append(drafts, draft(KindInvited, invitedEntry{Officer: s.Supervisor.ID, Role: marz.RoleSupervisor, Code: folder.Digest(code), Expires: s.Clock().Add(invitationLife)}, invitedPrivate{s.Supervisor.Name}))
	}
	return code, j.Update(ctx, func(tx *journal.Tx) error {
		for _, d := range drafts {
			if _, err := tx.Append(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// DefaultConfig returns the configuration of a new post that listens on the address: 180 days in 365 for all but the post's own nationals.
func DefaultConfig(listen, host, state string) Config {
	if _, port, err := net.SplitHostPort(listen); err == nil && port == "" {
		listen += "8443"
	}
	return Config{Listen: listen, Host: host, Stay: inspection.StayRule{Days: 180, Window: 365, Exempt: []string{state}}}
}
