package exercise

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math/rand/v2"

	"marz"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	trusted "marz/emrtd/trust"
	"marz/mrz"
	"marz/post"
)

// trustFolder keeps the invented states' certificates in the exercise's folder.
const trustFolder = "trust"

// chipped are the states whose passports have chips in the exercise. Certificates of all but the last are at the post.
var chipped = []string{"IRN", "ARM", "GEO", "RUS", "IND", "TUR", "D", "FRA", "KAZ", "ITA", "USA", "CHN"}

// issuers makes the invented states, the same every time: an exercise that is gone on with meets the certificates that it has kept. Nothing of this is any state's own.
func issuers(at marz.Instant) (map[string]*specimen.Issuer, error) {
	out := map[string]*specimen.Issuer{}
	for i, state := range chipped {
		text, err := mrz.Write(mrz.Document{Format: mrz.TD3, Code: "P", Issuer: state, Nationality: state, Primary: "SPECIMEN", Secondary: "EXERCISE", Number: "EX0000000", Sex: "X",
			Birth: marz.Date{Year: 1980, Month: 1, Day: 1}, Expiry: marz.Date{Year: 2034, Month: 1, Day: 1}})
		if err != nil {
			return nil, err
		}
		if out[state], err = specimen.NewIssuer(specimen.Profile{Zone: text}, seeded(uint64(i)), at.Time()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func seeded(n uint64) io.Reader {
	var seed [32]byte
	copy(seed[:], "exercise")
	binary.BigEndian.PutUint64(seed[24:], n)
	return rand.NewChaCha8(seed)
}

// writeTrust keeps what the post is to trust, as an administrator imports it.
func writeTrust(folder string, at marz.Instant) error {
	all, err := issuers(at)
	if err != nil {
		return err
	}
	var given []trusted.Given
	for _, state := range chipped[:len(chipped)-1] {
		given = append(given, trusted.Given{Name: state + ".cer", Content: all[state].CSCA.Certificate}, trusted.Given{Name: state + ".crl", Content: all[state].Revoked})
	}
	plan, err := trusted.At(folder, trusted.OS{}).Import(given, at, trusted.Options{})
	if err != nil {
		return err
	}
	_, err = plan.Write()
	return err
}

// faults are what is wrong with some documents of people at browsers, by turns, far more often than at a real post.
var faults = map[int][]string{4: {"wrong-hash=2"}, 8: {"clone"}, 11: {"drop=40"}, 14: {"unknown-csca"}, 17: {"missing=DG2"}}

// readDocument reads a traveller's document as a reader at his lane would: by the real protocols, with a chip in memory. Cards and visas have none.
func (v *viewer) readDocument(ctx context.Context, zone string) *reading.Reading {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read++
	id := seeded(uint64(v.read)<<32 ^ v.seed ^ uint64(v.clock()))
	name := make([]byte, 18)
	io.ReadFull(id, name)
	r := &reading.Reading{ID: base64.RawURLEncoding.EncodeToString(name), Zone: zone, Source: "the exercise's reader"}
	doc, err := mrz.Parse(zone, marz.DateOf(v.clock().Time()))
	if err != nil || doc.Code == "" || doc.Code[0] != 'P' || v.issuers[doc.Issuer] == nil {
		r.Chip = reading.Chip{Result: marz.NotSupported, Reason: "no chip was found"}
		return r
	}
	p := specimen.Profile{Zone: zone, Access: []string{"bac", "pace"}, Curve: "P-256", Issuer: v.issuers[doc.Issuer], Faults: faults[v.read%20]}
	if v.read%20 == 14 {
		p.Issuer, p.CSCA, p.Signer = nil, "P-256,sha256", "P-256,sha256"
	}
	d, err := specimen.Make(p, id, v.clock().Time())
	if err != nil {
		r.Chip = reading.Chip{Result: marz.NotSupported, Reason: "no chip was found"}
		return r
	}
	r.Chip = reading.ReadChip(ctx, d.Chip, reading.Options{Zone: zone, Random: id})
	return r
}

// acceptReaders lets the supervisors of whoever inspects here accept the readers of the lanes for people at browsers.
func (e *Exercise) acceptReaders(ctx context.Context) error {
	if !e.opts.Viewers {
		return nil
	}
	for _, a := range authorities {
		err := e.commander(ctx, a, func(actor post.Actor) error {
			for _, l := range e.Post.Described().Lanes {
				err := e.Post.AcceptReader(ctx, actor, post.ExerciseReader(l.ID), l.ID)
				if marz.CodeOf(err) == marz.Forbidden {
					return nil // it does not inspect here, or not yet
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && marz.CodeOf(err) != marz.Forbidden {
			return err
		}
	}
	return nil
}
