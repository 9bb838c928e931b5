package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/reader"
	"marz/reader/serial"
	"marz/reader/station"
)

type replayFlags struct {
	adapter, to, device, write string
	print                      bool
	line                       serial.Settings
}

// readerReplayCommand plays recorded frames.
func readerReplayCommand() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay FILE|FOLDER [--print | --to STATION [--device NAME] | --write LINE]",
		Short: "Play recorded frames: print what comes of them, or hand them to the post by a station, or send them on a line",
		Long: `Play recorded frames (docs/readers.md, "Recorded frames"): of FILE, or of every *.frames in FOLDER.

--print, which is what happens when nothing is asked for, prints the events as JSON, one a line, at once. --to STATION runs the station of a
folder with the recording in the place of a device's line, with its pauses, until what was read is handed over. --write LINE sends the bytes
with their pauses on a line, for a station that reads its other end.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.print && (f.to != "" || f.write != "") || f.to != "" && f.write != "" {
				return &marz.Error{Code: marz.Invalid, Op: "replay", Fix: "choose one of --print, --to and --write"}
			}
			return eachRecording(args[0], func(path string, r *reader.Recording) error { return f.play(c, args[0], path, r) })
		},
	}
	c.Flags().BoolVar(&f.print, "print", false, "print events as JSON")
	c.Flags().StringVar(&f.adapter, "adapter", "", "adapter for recordings that name none")
	c.Flags().StringVar(&f.to, "to", "", "folder of a station, or its reader.toml")
	c.Flags().StringVar(&f.device, "device", "", "device of the station in whose place the recording plays (default: the only one)")
	c.Flags().StringVar(&f.write, "write", "", "line to send the bytes on")
	lineFlags(c, &f.line)
	return c
}

func lineFlags(c *cobra.Command, s *serial.Settings) {
	c.Flags().IntVar(&s.Baud, "baud", 0, "speed of the line (default 9600)")
	c.Flags().IntVar(&s.Bits, "bits", 0, "bits of a byte on the line: 7 or 8")
	c.Flags().StringVar(&s.Parity, "parity", "", "none, even or odd")
}

// eachRecording reads one recording, or those of a folder in the order of their names.
func eachRecording(path string, play func(string, *reader.Recording) error) error {
	paths := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if paths, err = filepath.Glob(filepath.Join(path, "*.frames")); err != nil || len(paths) == 0 {
			return &marz.Error{Code: marz.NotFound, Op: "replay", Subject: path, Fix: "no file *.frames is in the folder"}
		}
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return &marz.Error{Code: marz.NotFound, Op: "replay", Subject: p, Fix: "name a recording that can be read", Err: err}
		}
		r, err := reader.ReadRecording(f, p)
		f.Close()
		if err != nil {
			return err
		}
		if err := play(p, r); err != nil {
			return err
		}
	}
	return nil
}

func (f *replayFlags) play(c *cobra.Command, given, path string, r *reader.Recording) error {
	switch {
	case f.to != "":
		if filepath.Base(f.to) == "reader.toml" {
			f.to = filepath.Dir(f.to)
		}
		s, err := openStation(c, f.to)
		if err != nil {
			return err
		}
		return s.Play(c.Context(), f.device, r)
	case f.write != "":
		return sendRecording(c.Context(), f.write, f.line, r)
	}
	if r.Settings.Adapter == "" {
		r.Settings.Adapter = f.adapter
	}
	a, err := reader.New(r.Settings)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if path != given {
		fmt.Fprintf(c.OutOrStdout(), "# %s\n", filepath.Base(path))
	}
	out := json.NewEncoder(c.OutOrStdout())
	out.SetEscapeHTML(false)
	for _, e := range r.Events(a, r.Settings.Pause()) {
		if err := out.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// sendRecording sends a recording on a line.
func sendRecording(ctx context.Context, path string, s serial.Settings, r *reader.Recording) error {
	line, err := serial.Open(path, s)
	if err != nil {
		return err
	}
	defer line.Close()
	for _, step := range r.Steps {
		select {
		case <-time.After(step.Pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := line.Write(step.Bytes); err != nil {
			return &marz.Error{Code: marz.Unavailable, Op: "send frames", Subject: path, Err: err}
		}
	}
	return nil
}

// readerRecordCommand writes down what a reader sends.
func readerRecordCommand() *cobra.Command {
	var device, adapter string
	var line serial.Settings
	c := &cobra.Command{
		Use:   "record STATION|LINE [--device NAME | --adapter NAME]",
		Short: "Print what a reader sends as a recording, until stopped; for specimens, not for travellers' documents",
		Long: `Print what a reader sends as a recording (docs/readers.md, "Recorded frames") until it is stopped: of a device of a station's reader.toml, or of a
line. A recording holds all that the document says. Record specimens alone.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d := &station.Device{Path: args[0], Settings: line, Adapter: reader.Settings{Adapter: adapter}}
			if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
				config, err := station.ReadConfig(args[0])
				if err != nil {
					return err
				}
				if d, err = config.Device(device); err != nil {
					return err
				}
			}
			fmt.Fprintln(c.ErrOrStderr(), "A recording holds all that the document says: record specimens alone. Stop with Ctrl C.")
			return record(c.Context(), d, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&device, "device", "", "device of the station (default: the only one)")
	c.Flags().StringVar(&adapter, "adapter", "", "adapter that the recording names")
	lineFlags(c, &line)
	return c
}

func record(ctx context.Context, d *station.Device, w io.Writer) error {
	line, err := serial.Open(d.Path, d.Settings)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { line.Close() })
	defer stop()
	defer line.Close()
	if d.Adapter.Adapter != "" {
		if err := d.Adapter.Header(w); err != nil {
			return err
		}
	}
	begun := time.Now()
	err = reader.Record(line, w, func() time.Duration { return time.Since(begun) })
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		return nil
	}
	return &marz.Error{Code: marz.Unavailable, Op: "record", Subject: d.Path, Fix: "the device is gone", Err: err}
}
