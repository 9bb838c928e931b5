package station

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"marz"
	"marz/reader"
	"marz/reader/serial"
)

// Files of a station's folder.
const (
	configFile = "reader.toml"
	keyFile    = "station.key" // the station's secret key, PKCS #8
	certFile   = "station.crt" // its own certificate over it
	caFile     = "ca.crt"      // by which the post's certificate is verified
	tokenFile  = "token"       // with which services on the machine speak to the endpoint
)

// Config is reader.toml.
type Config struct {
	Post string `toml:"post"` // host and port of the post's listener for stations
	Name string `toml:"name"` // the name in the post's certificate; none: the host
	// Lane is at which lane the station says it is. The post knows it as its supervisor accepted it; where the two differ nothing is handed over. None: wherever the post says.
	Lane   marz.LaneID `toml:"lane"`
	Listen string      `toml:"listen"` // the endpoint, on the loopback alone; none: there is none
	// SealBeforeMS is how long a seal waits for the zone of its document, 4000 where none is set; SealAfterMS how long a zone waits for seals where no chip is read.
	SealBeforeMS int        `toml:"seal_before_ms"`
	SealAfterMS  int        `toml:"seal_after_ms"`
	Chip         ChipConfig `toml:"chip"`
	Devices      []Device   `toml:"device"`
}

// ChipConfig says by which reader chips are read.
type ChipConfig struct {
	PCSC   string `toml:"pcsc"`    // the name of the PC/SC reader; none: no chip is read
	WaitMS int    `toml:"wait_ms"` // how long a document may take to be laid on it, 5000 where none is set
}

// Device is a reader on a line.
type Device struct {
	Name string `toml:"name"`
	Path string `toml:"path"`
	serial.Settings
	Adapter reader.Settings `toml:"frames"`
}

// ReadConfig reads reader.toml of a station's folder, strictly.
func ReadConfig(dir string) (*Config, error) {
	path := filepath.Join(dir, configFile)
	c := &Config{SealBeforeMS: 4000, Chip: ChipConfig{WaitMS: 5000}}
	meta, err := toml.DecodeFile(path, c)
	switch {
	case os.IsNotExist(err):
		return nil, &marz.Error{Code: marz.NotFound, Op: "open station", Subject: path, Fix: "there is no station in this folder; make one with marz reader init"}
	case err != nil:
		return nil, &marz.Error{Code: marz.Invalid, Op: "open station", Subject: path, Err: err}
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return nil, c.refuse(path, fmt.Sprintf("there is no setting %s", odd[0]))
	}
	return c, c.check(path)
}

func (c *Config) refuse(path, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "open station", Subject: path, Fix: fix}
}

func (c *Config) check(path string) error {
	host, port, err := net.SplitHostPort(c.Post)
	switch {
	case err != nil || host == "" || port == "":
		return c.refuse(path, "post: write the post's host and port, for example agarak.example:8445")
	case c.Listen != "" && !onLoopback(c.Listen):
		return c.refuse(path, "listen: the endpoint is for this machine alone; write an address of it, for example 127.0.0.1:8447")
	case c.SealBeforeMS < 0 || c.SealBeforeMS > 20_000 || c.SealAfterMS < 0 || c.SealAfterMS > 20_000:
		return c.refuse(path, "seal_before_ms, seal_after_ms: write 0 to 20000")
	case c.Chip.WaitMS < 0 || c.Chip.WaitMS > 60_000:
		return c.refuse(path, "chip.wait_ms: write 0 to 60000")
	}
	if c.Name == "" {
		c.Name = host
	}
	if c.Lane != "" {
		if err := c.Lane.Validate(); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for i := range c.Devices {
		d := &c.Devices[i]
		if d.Name == "" || d.Path == "" || seen[d.Name] || len(d.Name) > 60 {
			return c.refuse(path, fmt.Sprintf("device %d: give it a path and a name of its own of at most 60 characters", i+1))
		}
		seen[d.Name] = true
		if _, err := d.Settings.Complete(); err != nil {
			return fmt.Errorf("device %s: %w", d.Name, err)
		}
		if _, err := reader.New(d.Adapter); err != nil {
			return fmt.Errorf("device %s: %w", d.Name, err)
		}
	}
	return nil
}

// onLoopback reports whether an address is one of this machine's loopback, with a port.
func onLoopback(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Device finds a device by its name; where none is given, the only one.
func (c *Config) Device(name string) (*Device, error) {
	if name == "" && len(c.Devices) == 1 {
		return &c.Devices[0], nil
	}
	for i := range c.Devices {
		if c.Devices[i].Name == name {
			return &c.Devices[i], nil
		}
	}
	return nil, &marz.Error{Code: marz.NotFound, Op: "find device", Subject: fmt.Sprintf("%.60q", name), Fix: "name a device of reader.toml"}
}

// Patience is how long a document may take to be laid on the antenna.
func (c ChipConfig) Patience() time.Duration { return ms(c.WaitMS) }

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
