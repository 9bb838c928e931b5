package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/scenarios"
	"marz/verify"
)

// verifyCommand checks a journal or an act of handover. It ends with 0 when all holds, 1 when something does not, 2 when nothing could be read, and 3 when an act holds by keys
// that nobody vouches for.
func verifyCommand() *cobra.Command {
	var v verifying
	cmd := &cobra.Command{
		Use:   "verify FOLDER|BUNDLE|ACT",
		Short: "Prove that a journal is complete and unaltered, or who handed a place to whom, or name what was altered",
		Long: "Checks the data folder of a node, which may be running, or a file written by marz journal export.\n\n" +
			"Checks an act of handover too: the file that both sides take away from a transfer of control, or the text of the code that is printed on it. Give the keys of the two authorities " +
			"with --authority or --register. Without them the keys in the act are used, and then it is only proven that the act agrees with itself.\n\n" +
			"Exit code: 0 all holds, 1 something was altered or is missing, 2 it could not be read at all, 3 an act agrees with itself, and the keys are its own.",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return &exitError{code: 2, err: err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			code, err := v.run(cmd.Context(), args[0], cmd.OutOrStdout())
			if err != nil {
				return &exitError{code: 2, err: err}
			}
			if code != 0 {
				return &exitError{code: code}
			}
			return nil
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{code: 2, err: err} })
	cmd.Flags().StringVar(&v.key, "key", "", "the node's verifier key, which must have signed (default: the key in the journal, or in the act's instrument)")
	cmd.Flags().BoolVar(&v.asJSON, "json", false, "print the report as one JSON object")
	cmd.Flags().StringArrayVar(&v.authorities, "authority", nil, "of an act: an authority's verifier key, name+id+key (repeatable)")
	cmd.Flags().StringVar(&v.register, "register", "", "of an act: a scenario, whose authorities' keys are taken: its folder or scenario.toml")
	cmd.Flags().StringVar(&v.journal, "journal", "", "of an act: the journal that it is of, a data folder or a bundle, to be checked with it")
	return cmd
}

// verifying is what marz verify was asked.
type verifying struct {
	key, register, journal string
	authorities            []string
	asJSON                 bool
}

// run checks what stands at a path, writes the report and returns the exit code.
func (v *verifying) run(ctx context.Context, path string, w io.Writer) (int, error) {
	act, err := isAct(path)
	if err != nil {
		return 0, err
	}
	if act {
		return v.act(ctx, path, w)
	}
	if len(v.authorities) > 0 || v.register != "" || v.journal != "" {
		return 0, &marz.Error{Code: marz.Invalid, Op: "verify", Subject: path,
			Fix: "it is no act of handover, and --authority, --register and --journal are for one: name the act, and give its journal with --journal"}
	}
	r, err := verifyPath(ctx, path, verify.Options{Key: v.key})
	if err != nil {
		return 0, err
	}
	return verdict(r.OK(), true), v.print(w, r, func() error { return printReport(w, r) })
}

func verdict(ok, known bool) int {
	switch {
	case !ok:
		return 1
	case !known:
		return 3
	}
	return 0
}

func (v *verifying) print(w io.Writer, report any, print func() error) error {
	if v.asJSON {
		return json.NewEncoder(w).Encode(report)
	}
	return print()
}

// act checks an act of handover.
func (v *verifying) act(ctx context.Context, path string, w io.Writer) (int, error) {
	o := verify.ActOptions{Authorities: v.authorities, Node: v.key}
	if v.register != "" {
		keys, err := registerKeys(v.register)
		if err != nil {
			return 0, err
		}
		o.Authorities = append(o.Authorities, keys...)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, &marz.Error{Code: marz.Invalid, Op: "verify", Subject: path, Fix: "it cannot be read", Err: err}
	}
	r, err := verify.Act(ctx, data, o)
	if err != nil {
		if e, ok := errors.AsType[*marz.Error](err); ok && e.Subject == "act" {
			e.Subject = path
		}
		return 0, err
	}
	report := actReport{ActReport: r}
	if v.journal != "" && r.OK() {
		if report.Journal, err = r.Journal(ctx, v.journal); err != nil {
			return 0, err
		}
	}
	return verdict(r.OK(), r.Known), v.print(w, report, func() error { return printAct(w, &report) })
}

// actReport is what marz verify --json prints of an act.
type actReport struct {
	*verify.ActReport
	Journal *verify.Report `json:"journal,omitempty"`
}

// registerKeys returns the keys of a scenario's authorities.
func registerKeys(path string) ([]string, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "scenario.toml")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "read scenario", Subject: path, Fix: "name a scenario's folder or its scenario.toml", Err: err}
	}
	s, err := scenarios.Parse(path, b)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range s.Authorities {
		if a.Key != "" {
			out = append(out, a.Key)
		}
	}
	if len(out) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read scenario", Subject: path, Fix: "none of its authorities has a key; add key to them, or give keys with --authority"}
	}
	return out, nil
}

// isAct reports whether a path is to be read as an act of handover: a file that is no bundle and begins as JSON does, or is empty. What cannot be opened is no act: the
// check of a journal says why.
func isAct(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, nil
	}
	defer f.Close()
	start := make([]byte, 512)
	n, err := io.ReadFull(f, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, &marz.Error{Code: marz.Internal, Op: "verify", Subject: path, Fix: "it cannot be read", Err: err}
	}
	start = bytes.TrimSpace(start[:n])
	return len(start) == 0 || start[0] == '{' && !bytes.HasPrefix(start, []byte(`{"marz_bundle"`)), nil
}

// verifyPath checks a folder or a bundle, whichever stands there.
func verifyPath(ctx context.Context, path string, o verify.Options) (*verify.Report, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return verify.Bundle(ctx, path, o)
	}
	return verify.Folder(ctx, path, o)
}

// printReport writes the report for people: what was read, and then what was found.
func printReport(w io.Writer, r *verify.Report) error {
	p := &printer{w: w}
	p.line("journal   %s", r.Origin)
	if r.Exercise {
		p.line("          of an exercise: never evidence of a real crossing")
	}
	p.line("key       %s", r.Key)
	p.line("entries   %d, the last of %s", r.Entries, or(r.LastAt, "no instant"))
	p.line("heads     %d, the newest over %d entries", r.Heads, r.Size)
	p.line("root      %s", or(r.Root, "none"))
	withheld := ""
	if r.Withheld {
		withheld = " (withheld from this bundle)"
	}
	p.line("payloads  %d, and %d erased%s", r.Payloads, r.Erased, withheld)
	for _, n := range r.Notes {
		p.line("note      %s", n)
	}
	first, bad := r.First()
	if !bad {
		p.line("all holds")
		return p.err
	}
	p.line("DOES NOT HOLD: %d found", r.ProblemCount)
	p.line("first     %s", first)
	told := false
	for _, q := range r.Problems {
		if q == first && !told {
			told = true
			continue
		}
		p.line("          %s", q)
	}
	if more := r.ProblemCount - int64(len(r.Problems)); more > 0 {
		p.line("          and %d more", more)
	}
	return p.err
}

// printAct writes the report on an act for people: what it is, what was found, and what follows.
func printAct(w io.Writer, a *actReport) error {
	p, r := &printer{w: w}, a.ActReport
	what := r.Place
	if len(r.Lanes) > 0 {
		what += ", lanes " + strings.Join(r.Lanes, ", ")
	}
	if r.Kind == "qr" {
		p.line("code      printed on the act of %s: %s", or(r.ID, "no transfer"), or(what, "no place"))
	} else {
		p.line("act       of %s: %s", or(r.ID, "no transfer"), or(what, "no place"))
	}
	p.line("from      %s", or(r.From, "nobody"))
	p.line("to        %s", or(r.To, "nobody"))
	p.line("instant   %s", or(r.Instant, "none"))
	if r.Executed != "" {
		p.line("executed  %s, entry %d of %s", r.Executed, r.Seq, r.Origin)
	}
	if len(r.Cases) > 0 {
		p.line("case      %s", strings.Join(r.Cases, ", "))
	}
	p.line("digest    %s", or(r.Digest, "none"))
	if r.Size > 0 {
		p.line("head      over %d entries, root %s", r.Size, r.Root)
	}
	printSigned(p, "armed", r.Armed)
	printSigned(p, "closed", r.Closed)
	for _, k := range r.Keys {
		whose := "given"
		if !k.Given {
			whose = "the act's own"
		}
		p.line("key       %s (%s)", k.Key, whose)
	}
	if a.Journal != nil {
		p.line("journal   %d entries, the last of %s", a.Journal.Entries, or(a.Journal.LastAt, "no instant"))
	}
	for _, n := range r.Notes {
		p.line("note      %s", n)
	}
	if r.OK() {
		printProof(p, r)
		return p.err
	}
	p.line("DOES NOT HOLD: %d found", r.ProblemCount)
	for i, q := range r.Problems {
		head := "         "
		if i == 0 {
			head = "first    "
		}
		p.line("%s %s", head, q)
	}
	if more := r.ProblemCount - int64(len(r.Problems)); more > 0 {
		p.line("          and %d more", more)
	}
	return p.err
}

// printProof writes what follows from an act that holds, and what does not.
func printProof(p *printer, r *verify.ActReport) {
	p.line("\nIt proves:")
	for _, s := range r.Proves {
		p.line("  - %s", s)
	}
	p.line("It does not prove:")
	for _, s := range r.Leaves {
		p.line("  - %s", s)
	}
	p.line("")
	switch {
	case r.Known:
		p.line("all holds")
	case slices.ContainsFunc(r.Keys, func(k verify.ActKey) bool { return !k.Given }):
		p.line("IT AGREES WITH ITSELF, and no more: the keys are its own. Give the authorities' keys with --authority or --register.")
	default:
		p.line("IT AGREES WITH ITSELF, and more follows only from what this code does not hold. Check the act, with the authorities' keys.")
	}
}

func printSigned(p *printer, word string, all []verify.ActSignature) {
	for _, s := range all {
		how, when := "by its own key", ""
		switch {
		case s.Method == "passkey":
			how = "by the passkey of " + s.Officer
		case s.Officer != "":
			how += ", " + s.Officer
		}
		if s.Seq >= 0 {
			when = fmt.Sprintf(", entry %d of %s", s.Seq, s.At)
		}
		p.line("%-9s %s %s%s", word, s.Authority, how, when)
	}
}

// printer writes lines until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
