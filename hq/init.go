package hq

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/hq/ledger"
	"marz/journal"
	"marz/mirror"
	"marz/passkey"
)

// invitationLife is how long an invited officer has to make a passkey.
const invitationLife = 7 * 24 * time.Hour

// Setup says what headquarters to make, and in which folder.
type Setup struct {
	Dir        string
	Origin     marz.Origin
	Zone       string // IANA zone in which it shows instants
	Ground     agreement.Ground
	Register   []agreement.Instrument // from which it begins
	Map        []byte                 // drawing of the frontiers for the page with the map; nil for none
	Config     Config
	Supervisor marz.OfficerID // the first officer, who invites the others
	Name       string         // of the first officer
	Clock      marz.Clock
	Wall       func() time.Time
	Rand       io.Reader    // nil for the machine's
	Database   string       // in place of Config.Database, and not written down: it may hold a password
	Store      mirror.Store // in place of the database, and not closed
}

// Init makes the folder of a new headquarters, with its keys, and its journal in the database. It returns the link with which the first supervisor makes a passkey. On an
// error nothing that can be mistaken for a headquarters is left behind.
func Init(ctx context.Context, s Setup) (link string, err error) {
	if s.Rand == nil {
		s.Rand = rand.Reader
	}
	register, err := s.check()
	if err != nil {
		return "", err
	}
	code, err := folder.Secret(s.Rand)
	if err != nil {
		return "", err
	}
	err = folder.Make(s.Dir, func(dir string) error { return s.build(ctx, dir, register, code) })
	return s.Config.origin() + "/enrol/" + code, err
}

func (s *Setup) check() (*agreement.Register, error) {
	bad := func(subject, fix string) (*agreement.Register, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "init", Subject: subject, Fix: fix}
	}
	if err := s.Config.validate(configFile); err != nil {
		return nil, err
	}
	if _, ok := s.Ground.Authority(s.Config.Authority); !ok {
		return bad(string(s.Config.Authority), "the scenario has no such authority")
	}
	if err := s.Origin.Validate(); err != nil {
		return nil, err
	}
	if err := s.Supervisor.Validate(); err != nil {
		return nil, err
	}
	if s.Supervisor.Authority() != s.Config.Authority {
		return bad(string(s.Supervisor), "the first supervisor of a headquarters serves its own authority, "+string(s.Config.Authority))
	}
	if s.Name == "" || len(s.Name) > 200 {
		return bad(string(s.Supervisor), "give the supervisor's name, in at most 200 bytes")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" {
		return bad(s.Zone, "this time zone is not known; give one, for example Asia/Yerevan")
	}
	if _, err := passkey.New(passkey.Config{Host: s.Config.Host, Name: "Marz", Origins: []string{s.Config.origin()}, Clock: s.Clock}); err != nil {
		return nil, err
	}
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

// build fills the folder, and then the database: if that fails, the folder goes.
func (s *Setup) build(ctx context.Context, dir string, register *agreement.Register, code string) error {
	signer, _, err := journal.NewKey(s.Rand, s.Origin)
	if err != nil {
		return err
	}
	cosigner, mirrorKey, err := mirror.NewKey(s.Rand, string(s.Origin))
	if err != nil {
		return err
	}
	if err := s.writeFiles(dir, signer, cosigner); err != nil {
		return &marz.Error{Op: "init", Subject: dir, Err: err}
	}
	store := s.Store
	if store == nil {
		if store, err = openStore(ctx, dir, cmp.Or(s.Database, s.Config.Database)); err != nil {
			return err
		}
	}
	err = ledger.Create(ctx, ledger.Config{Store: store, Key: signer, Clock: s.Clock, Rand: s.Rand, After: time.After},
		s.draft(register, "", nil, nil), journal.Created{}, s.firstEntries(register, mirrorKey, code)...)
	if s.Store == nil {
		err = cmpErr(err, store.Close())
	}
	return err
}

func (s *Setup) writeFiles(dir, signer, cosigner string) error {
	var config bytes.Buffer
	fmt.Fprintf(&config, "# How this machine serves the headquarters of %s. Who may do what there stands in its journal.\n", s.Config.Authority)
	if err := toml.NewEncoder(&config).Encode(s.Config); err != nil {
		return err
	}
	index, state, err := newIndexKeys(s.Rand)
	if err != nil {
		return err
	}
	for name, data := range map[string]string{
		filepath.Join(folder.Keys, indexFile):  index + "\n",
		filepath.Join(folder.Keys, staysFile):  state + "\n",
		filepath.Join(folder.Keys, signerFile): signer + "\n",
		filepath.Join(folder.Keys, mirrorFile): cosigner + "\n",
		configFile:                             config.String(),
	} {
		if err := folder.Write(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			return err
		}
	}
	if s.Map != nil {
		if err := folder.Write(filepath.Join(dir, mapFile), s.Map, 0o600); err != nil {
			return err
		}
	}
	if err := folder.MakeSelfSigned(dir, nodesFile, s.Config.Host, s.Wall()); err != nil {
		return err
	}
	return folder.MakeCA(dir, s.Config.Host, "Marz headquarters "+s.Config.Host, s.Wall())
}

func (s *Setup) draft(register *agreement.Register, kind string, public, private any) journal.Draft {
	return journal.Draft{Kind: kind, Authority: s.Config.Authority, Under: OwnHouse, Policy: register.Policy(), Public: public, Private: private}
}

// firstEntries say what the headquarters is, the register from which it begins, and who may sign in.
func (s *Setup) firstEntries(register *agreement.Register, mirrorKey, code string) []journal.Draft {
	out := []journal.Draft{s.draft(register, KindDescribed, describedEntry{s.Config.Authority, s.Zone, mirrorKey, s.Ground.Authorities, s.Ground.Places, s.Ground.Blocs}, nil)}
	for i := range s.Register {
		out = append(out, s.draft(register, instrumentKind(&s.Register[i]), s.Register[i], nil))
	}
	return append(out, s.draft(register, KindInvited, invitedEntry{s.Supervisor, marz.RoleSupervisor, folder.Digest(code), s.Clock().Add(invitationLife)}, invitedPrivate{s.Name}))
}
