package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"marz/agreement"
)

// exitError carries an exit code other than 1. A nil Err means that the command has already said all there is to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// commands lists the subcommands in the order in which help shows them.
var commands = []func() *cobra.Command{
	authorityCommand,
	cardCommand,
	initCommand,
	postCommand,
	demoCommand,
	documentCommand,
	hqCommand,
	journalCommand,
	listCommand,
	masterlistCommand,
	mrzCommand,
	openapiCommand,
	readerCommand,
	registerCommand,
	screenCommand,
	sealCommand,
	transferCommand,
	verifyCommand,
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "marz",
		Short:         "Marz runs a state's border crossing points, and proves what happened there",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	for _, c := range commands {
		root.AddCommand(c())
	}
	return root
}

// exitCode prints an error once, each of its faults on one line, and says with which code the process ends.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	code := 1
	if e, ok := errors.AsType[*exitError](err); ok {
		code = e.code
		err = e.err
	}
	faults, ok := errors.AsType[agreement.Faults](err)
	switch {
	case ok:
		for _, f := range faults {
			fmt.Fprintln(stderr, "marz: "+f.Error())
		}
	case err != nil:
		fmt.Fprintln(stderr, "marz: "+err.Error())
	}
	return code
}
