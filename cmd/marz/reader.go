package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd/pcsc"
	"marz/reader/station"
)

// readerCommand holds what runs beside the browser in a booth.
func readerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "reader",
		Short: "Run the station that hands what document readers read to the post, and try readers' frames",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(readerInitCommand(), readerRunCommand(), readerFingerprintCommand(), readerReplayCommand(), readerRecordCommand())
	return c
}

func readerInitCommand() *cobra.Command {
	var post, ca, lane string
	c := &cobra.Command{
		Use:   "init FOLDER --post HOST:PORT --ca CA.crt",
		Short: "Make a station: its key, and a reader.toml to fill in; print the fingerprint that a supervisor accepts",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pem, err := os.ReadFile(ca)
			if err != nil {
				return &marz.Error{Code: marz.NotFound, Op: "make station", Subject: ca, Fix: "name the file ca.crt of the post", Err: err}
			}
			fingerprint, err := station.Init(station.Setup{Dir: args[0], Post: post, CA: pem, Lane: marz.LaneID(lane), Random: rand.Reader, Now: time.Now()})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "The station is made in %s. Its fingerprint, which a supervisor of the post compares and accepts:\n\n  %s\n\nName its readers in %s and start it with\n\n  marz reader run %s\n",
				args[0], fingerprint, filepath.Join(args[0], "reader.toml"), args[0])
			return nil
		},
	}
	c.Flags().StringVar(&post, "post", "", "host and port of the post's listener for stations")
	c.Flags().StringVar(&ca, "ca", "", "file with the certificate by which the post's is verified")
	c.Flags().StringVar(&lane, "lane", "", "the lane at which the station is")
	c.MarkFlagRequired("post")
	c.MarkFlagRequired("ca")
	return c
}

func readerFingerprintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "fingerprint FOLDER",
		Short: "Print the fingerprint of a station's key",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := station.ReadFingerprint(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), f)
			return nil
		},
	}
}

func readerRunCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run FOLDER",
		Short: "Run a station until it is told to stop",
		Long: `Run the station of FOLDER: take what its readers say, join what is of one document into one reading, and hand it to the post
(docs/readers.md). What happens is said on standard output, without anything of the documents' holders.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := openStation(c, args[0])
			if err != nil {
				return err
			}
			return s.Run(c.Context(), func(a net.Addr) {
				if a != nil {
					fmt.Fprintf(c.OutOrStdout(), "endpoint http://%s/\n", a)
				}
			})
		},
	}
}

// openStation opens the station of a folder, with the reader for chips that its reader.toml names.
func openStation(c *cobra.Command, dir string) (*station.Station, error) {
	config, err := station.ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	o := station.Options{Dir: dir, Terminal: c.OutOrStdout(), Random: rand.Reader}
	if config.Chip.PCSC != "" {
		o.ChipName = config.Chip.PCSC
		o.Chip = station.PCSC{Service: pcsc.Service{Socket: os.Getenv("PCSCLITE_CSOCK_NAME")}, Reader: config.Chip.PCSC, Wait: config.Chip.Patience()}
	}
	return station.Open(o)
}
