package main

import (
	"context"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"marz/emrtd/specimen"
	"marz/internal/pcsctest"
)

// TestCardScripts runs testdata/card/*.txtar, sessions with documents on a reader of a pcscd of its own. It skips where there is no pcscd or no vpcd.
func TestCardScripts(t *testing.T) {
	d := pcsctest.Start(t)
	zone := specimen.Defaults.Zone
	testscript.Run(t, testscript.Params{Dir: "testdata/card", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "PCSCLITE_CSOCK_NAME="+d.Socket, "VPCD="+d.VPCD, "VPCD2="+d.Second, "READER="+d.Reader, "READER2="+strings.TrimSuffix(d.Reader, "00")+"01",
				"ZONE="+strings.ReplaceAll(zone, "\n", ""), "OTHER="+strings.ReplaceAll(strings.Replace(zone, "L898902C36", "L898902D<1", 1), "\n", ""))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"laid": func(ts *testscript.TestScript, _ bool, _ []string) {
				_, err := d.Service().WaitDocument(t.Context(), d.Reader)
				ts.Check(err)
			},
			"empty": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(empty(t.Context(), d)) },
		}})
}

// empty waits until pcscd has seen that no document lies on the reader any more.
func empty(ctx context.Context, d pcsctest.Daemon) error {
	list, err := d.Service().Readers(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Name == d.Reader && r.Document {
			return d.Service().WaitLifted(ctx, r)
		}
	}
	return nil
}
