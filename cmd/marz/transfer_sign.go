package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/post"
	"marz/transfer"
)

// word is something that an authority says of a transfer with its own key.
type word struct {
	says, kind string
	use, short string
	done       string                          // what it has done when it is recorded
	none       string                          // what no transfer does when there is none to say it of
	suits      func(*transfer.Transfer) bool   // of which it can be said
	digest     func(*transfer.Transfer) string // over what; of SaysClose, the act's core
}

func open(t *transfer.Transfer) bool {
	return t.Phase == transfer.Preparing || t.Phase == transfer.Armed
}

func instrumentDigest(t *transfer.Transfer) string { return t.Digest }

const wordLong = "Shows what is signed and its digest, asks, signs with the authority's own key, and delivers the signature: into the folder of a stopped post,\n" +
	"or to a running one by its address, which records it if it is good. With --digest it is signed only if that is the digest. What a\n" +
	"commander signed on the post's pages need not be signed here too: one key of each side is enough."

func transferArmCommand() *cobra.Command {
	return wordCommand(word{says: transfer.SaysArm, kind: transfer.KindArmed, use: "arm", short: "Turn an authority's key: at its instant, let control pass",
		done: "has turned its key for", none: "is being prepared", suits: open, digest: instrumentDigest})
}

func transferDisarmCommand() *cobra.Command {
	return wordCommand(word{says: transfer.SaysDisarm, kind: transfer.KindDisarmed, use: "disarm", short: "Take an authority's key back before control has passed",
		done: "has taken its key back from", none: "is being prepared", suits: open, digest: instrumentDigest})
}

func transferCancelCommand() *cobra.Command {
	return wordCommand(word{says: transfer.SaysCancel, kind: transfer.KindCancelled, use: "cancel", short: "Cancel a transfer before control has passed: control stays where it is",
		done: "has cancelled", none: "is being prepared", suits: open, digest: func(t *transfer.Transfer) string { return t.Plan.Digest() }})
}

func transferNowCommand() *cobra.Command {
	return wordCommand(word{says: transfer.SaysNow, kind: transfer.KindClock, use: "now", short: "Say that the instant has come, where the post's clock is in doubt",
		done: "has said that the instant has come of", none: "is armed", suits: func(t *transfer.Transfer) bool { return t.Phase == transfer.Armed }, digest: instrumentDigest})
}

func transferCloseCommand() *cobra.Command {
	return wordCommand(word{says: transfer.SaysClose, kind: transfer.KindClosed, use: "close", short: "Sign the act of handover after control has passed",
		done: "has signed the act of", none: "has been executed and is not closed", suits: func(t *transfer.Transfer) bool { return t.Phase == transfer.Executed }})
}

type wordFlags struct {
	transferSource
	keyFile, digest string
	yes             bool
}

func wordCommand(say word) *cobra.Command {
	var f wordFlags
	c := &cobra.Command{
		Use:   say.use + " --key FILE (--data FOLDER | --node URL)",
		Short: say.short,
		Long:  say.short + ".\n\n" + wordLong,
		Example: "  marz transfer " + say.use + " --key am-bg.key --data /var/lib/marz/agarak\n" +
			"  marz transfer " + say.use + " --key am-bg.key --node https://agarak.example:8443 --ca ca.crt --digest …",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return speakOf(c, &f, say) },
	}
	f.flags(c, "data folder of a stopped post")
	c.Flags().StringVar(&f.keyFile, "key", "", "file with the authority's secret key")
	c.Flags().StringVar(&f.digest, "digest", "", "sign only if this is the digest")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.MarkFlagRequired("key")
	return c
}

// speakOf signs what an authority says of a transfer, and delivers it.
func speakOf(c *cobra.Command, f *wordFlags, say word) error {
	key, err := readSecret(f.keyFile)
	if err != nil {
		return err
	}
	all, err := f.read(c.Context(), &key)
	if err != nil {
		return err
	}
	t, err := all.pick(f.id, say.suits, say.none)
	if err != nil {
		return err
	}
	if t.Plan.From != key.authority && t.Plan.To != key.authority {
		return &marz.Error{Code: marz.Forbidden, Op: say.use, Subject: string(t.Plan.ID), Fix: fmt.Sprintf("%s is neither side of it; %s hands over to %s", key.authority, t.Plan.From, t.Plan.To)}
	}
	digest, err := f.digestOf(c, key, say, t)
	if err != nil {
		return err
	}
	sig, err := transfer.SignKey(key.signer, say.says, t.Plan.ID, digest)
	if err != nil {
		return err
	}
	now := all.now
	if err := all.state.Check(say.kind, key.authority, transfer.Signed{ID: t.Plan.ID, Digest: digest, Signature: &sig}, now); err != nil {
		return err
	}
	shown, err := all.show(t)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	shown.Steps = nil
	printTransfer(out, &shown, all.zone)
	fmt.Fprintf(out, "\n%s, signed by %s for %s: digest %s\n", say.short, key.authority, t.Plan.ID, digest)
	if ok, err := f.agreed(c); err != nil || !ok {
		return err
	}
	if err := f.deliverWord(c, t.Plan.ID, sig); err != nil {
		return err
	}
	after, err := f.read(c.Context(), &key)
	if err != nil {
		return err
	}
	if t = after.state.Get(t.Plan.ID); t == nil {
		return &marz.Error{Op: say.use, Subject: f.id, Fix: "it was delivered, and the post does not know the transfer any more; verify its journal"}
	}
	fmt.Fprintf(out, "%s %s %s. It is %s%s\n", key.authority, say.done, t.Plan.ID, t.Phase, after.outcome(t))
	return nil
}

// outcome says what a transfer comes to now.
func (t *transfers) outcome(one *transfer.Transfer) string {
	switch one.Phase {
	case transfer.Armed:
		return " by all whose keys it needs: control passes at " + in(one.Plan.At, t.zone)
	case transfer.Preparing:
		var missing []marz.AuthorityID
		for _, a := range transfer.Needs(one, t.now) {
			if one.Key(a) == nil {
				missing = append(missing, a)
			}
		}
		return "; not yet turned: the key of " + joined(missing)
	case transfer.Executed:
		return fmt.Sprintf(": control passed at %s, entry %d", in(one.At, t.zone), one.Seq)
	}
	return ""
}

// digestOf is what is signed. The digest that somebody named must be it.
func (f *wordFlags) digestOf(c *cobra.Command, key secretKey, say word, t *transfer.Transfer) (string, error) {
	bad := func(fix string) (string, error) {
		return "", &marz.Error{Code: marz.Conflict, Op: say.use, Subject: string(t.Plan.ID), Fix: fix}
	}
	var digest string
	switch {
	case say.digest == nil:
		act, err := f.act(c, &key, t.Plan.ID)
		if err != nil {
			return "", err
		}
		core, err := act.Core()
		if err != nil {
			return "", err
		}
		digest = transfer.DigestOf([]byte(core))
	default:
		digest = say.digest(t)
	}
	if digest == "" {
		return bad("nothing is presented to be signed; a commander presents the instrument on the post's page Transfer")
	}
	if len(t.Instrument) > 0 && open(t) && transfer.DigestOf(t.Instrument) != t.Digest {
		return bad("the digest is not that of the instrument; verify the post's journal")
	}
	if f.digest != "" && f.digest != digest {
		return bad(fmt.Sprintf("the plan has changed: the digest is %s now, and not %.60s; look at it again. Nothing was signed", digest, f.digest))
	}
	return digest, nil
}

// agreed asks whether to sign.
func (f *wordFlags) agreed(c *cobra.Command) (bool, error) {
	if f.yes {
		return true, nil
	}
	fmt.Fprint(c.OutOrStdout(), "Sign it? yes/no: ")
	line, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(line))) {
		return true, nil
	}
	fmt.Fprintln(c.OutOrStdout(), "Nothing was signed.")
	return false, &exitError{code: 1}
}

// deliverWord records a signature at the post.
func (f *wordFlags) deliverWord(c *cobra.Command, id transfer.ID, sig transfer.Signature) error {
	if f.node != "" {
		_, err := f.call(c.Context(), []string{"api", "transfer", "signatures"}, map[string]any{"id": id, "signature": sig})
		return err
	}
	log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	err := atStopped(c.Context(), f.data, log, func(p *post.Post) error {
		_, err := p.AddSignature(c.Context(), id, sig)
		return err
	})
	return f.running(err, "deliver")
}

// running says what to do when a post's folder is in use.
func (s *transferSource) running(err error, what string) error {
	if e, ok := errors.AsType[*marz.Error](err); ok && e.Op == "open data folder" && e.Code == marz.Conflict {
		return &marz.Error{Code: marz.Conflict, Op: what, Subject: s.data, Fix: "the post is running; name it with --node and its address", Err: err}
	}
	return err
}
