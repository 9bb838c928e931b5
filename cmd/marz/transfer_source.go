package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/post"
	"marz/transfer"
)

// transferSource is the post whose transfers a command is about: a folder, of a post that runs or not, or the address of one that runs.
type transferSource struct {
	target
	id string
}

func (s *transferSource) flags(c *cobra.Command, data string) {
	c.Flags().StringVar(&s.data, "data", "", data)
	c.Flags().StringVar(&s.node, "node", "", "address of a running post, for example https://agarak.example:8443")
	c.Flags().StringVar(&s.ca, "ca", "", "with --node: the post's certificate authority, keys/ca.crt (default: the machine's)")
	c.Flags().StringVar(&s.id, "id", "", "the transfer, for example agarak-1 (default: the one that there is)")
	c.MarkFlagsMutuallyExclusive("data", "node")
	c.MarkFlagsMutuallyExclusive("data", "ca")
	c.MarkFlagsOneRequired("data", "node")
}

// transfers is what a command knows of the transfers of a post.
type transfers struct {
	state    *transfer.State
	register *agreement.Register // nil: of a node, which tells of transfers alone
	place    marz.PlaceID
	zone     *time.Location
	now      marz.Instant // of the post, as far as can be told
}

// read reads the transfers of a post. A node gives them to who holds the key of a side.
func (s *transferSource) read(ctx context.Context, key *secretKey) (*transfers, error) {
	if s.node == "" {
		return readTransfers(ctx, s.data)
	}
	if key == nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--node", Fix: "a running post tells its transfers to the sides alone; name the authority's secret key with --key"}
	}
	var answer post.TransferEntries
	if err := s.ask(ctx, *key, "entries", "", &answer); err != nil {
		return nil, err
	}
	t := &transfers{state: transfer.NewState(), place: answer.Post.ID.Place(), now: answer.Now, zone: zonesOf([]marz.Post{answer.Post}, nil).of(answer.Post.ID.Place())}
	for _, e := range answer.Entries {
		if err := t.state.Apply(transfer.Entry(e)); err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read transfers", Subject: s.node, Fix: "what it tells cannot be; verify its journal", Err: err}
		}
	}
	return t, nil
}

func readTransfers(ctx context.Context, dir string) (*transfers, error) {
	h, p, err := post.ReadRegister(ctx, dir)
	if err != nil {
		return nil, err
	}
	t := &transfers{place: p.ID.Place(), now: systemClock(), zone: zonesOf([]marz.Post{p}, nil).of(p.ID.Place())}
	if t.register, err = h.Register(); err != nil {
		return nil, err
	}
	if t.state, err = post.ReadTransfers(ctx, dir); err != nil {
		return nil, err
	}
	created, last, err := journal.Peek(ctx, dir)
	if err == nil && created.Exercise {
		t.now = last // its clock is its own
	}
	return t, err
}

// ask asks a running post for what the key of a side opens.
func (s *transferSource) ask(ctx context.Context, key secretKey, what string, id transfer.ID, into any) error {
	proof, err := post.SignTransferReader(key.signer, systemClock())
	if err != nil {
		return err
	}
	proof.ID = id
	body, err := s.call(ctx, []string{"api", "transfer", "read", what}, proof)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &marz.Error{Op: "ask", Subject: s.node, Fix: "its answer is not one of a node of Marz; look at the address"}
	}
	return nil
}

// call sends JSON to a running post and returns its answer.
func (t target) call(ctx context.Context, path []string, in any) ([]byte, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	status, body, err := t.post(ctx, b, path...)
	if err != nil || status == http.StatusOK {
		return body, err
	}
	_, err = t.answer(status, body)
	return nil, err
}

// pick finds the transfer that is meant: the one that is named, or the only one that suits.
func (t *transfers) pick(id string, suits func(*transfer.Transfer) bool, what string) (*transfer.Transfer, error) {
	if id != "" {
		if found := t.state.Get(transfer.ID(id)); found != nil {
			return found, nil
		}
		return nil, &marz.Error{Code: marz.NotFound, Op: "find transfer", Subject: fmt.Sprintf("%.60q", id), Fix: t.known()}
	}
	all := slices.DeleteFunc(t.state.All(), func(t *transfer.Transfer) bool { return !suits(t) })
	if len(all) == 1 {
		return all[0], nil
	}
	if len(all) > 1 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "find transfer", Subject: string(t.place), Fix: "there are several; name one with --id: " + t.ids()}
	}
	return nil, &marz.Error{Code: marz.NotFound, Op: "find transfer", Subject: string(t.place), Fix: "there is none that " + what + "; " + t.known()}
}

func (t *transfers) known() string {
	if all := t.ids(); all != "" {
		return "known here: " + all
	}
	return "no transfer has been opened here: a supervisor does that on the post's page Transfer"
}

func (t *transfers) ids() string {
	var out []string
	for _, o := range t.state.All() {
		out = append(out, fmt.Sprintf("%s (%s)", o.Plan.ID, o.Phase))
	}
	return joined(out)
}
