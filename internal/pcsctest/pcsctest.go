// Package pcsctest runs a pcscd of a test's own, with Debian's virtual reader vpcd on ports of its own.
//
// pcscd has its socket at one place of the machine. Where the system lets it, the test's pcscd has a folder /run of its own (a mount namespace), and lives beside any other; else it takes the machine's place when that is free, or uses the pcscd that runs there when that has a virtual reader on which nothing lies. Otherwise the test
// is skipped, and says why.
package pcsctest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"marz/emrtd/pcsc"
	"marz/emrtd/vpcd"
)

// driver is vpcd, as pcscd loads it.
const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

// Daemon is a pcscd that runs.
type Daemon struct {
	Socket string // where it listens
	VPCD   string // where its virtual reader waits for a chip
	Reader string // the name of that reader
	Second string // where its second slot waits; that reader's name ends with 01 and not 00
}

// Service is the daemon as package pcsc reaches it.
func (d Daemon) Service() pcsc.Service { return pcsc.Service{Socket: d.Socket} }

// Start starts a pcscd that ends with the test, or skips the test where there is none or vpcd is missing.
func Start(tb testing.TB) Daemon {
	tb.Helper()
	path, err := exec.LookPath("pcscd")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/pcscd"); err != nil {
			tb.Skip("needs pcscd (apt-get install pcscd)")
		}
	}
	if _, err := os.Stat(driver); err != nil {
		tb.Skip("needs vpcd (apt-get install vsmartcard-vpcd)")
	}
	port := freePorts(tb)
	config := filepath.Join(tb.TempDir(), "readers")
	if err := os.Mkdir(config, 0o755); err != nil {
		tb.Fatal(err)
	}
	text := fmt.Sprintf("FRIENDLYNAME \"Marz test\"\nDEVICENAME /dev/null:%#x\nLIBPATH %s\nCHANNELID %#x\n", port, driver, port)
	if err := os.WriteFile(filepath.Join(config, "vpcd"), []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	d := Daemon{VPCD: fmt.Sprintf("localhost:%d", port), Reader: "Marz test 00 00", Second: fmt.Sprintf("localhost:%d", port+1)}
	if pid, err := start(tb, isolated(path, config)); err == nil {
		d.Socket = fmt.Sprintf("/proc/%d/root%s", pid, pcsc.DefaultSocket)
		answers(tb, d)
		return d
	}
	d.Socket = pcsc.DefaultSocket
	if running, err := (pcsc.Service{}).Readers(tb.Context()); err == nil {
		return useRunning(tb, running)
	}
	if _, err := start(tb, exec.Command(path, "--foreground", "--info", "--config", config)); err != nil {
		tb.Skipf("pcscd does not start here: %v", err)
	}
	answers(tb, d)
	return d
}

// answers waits until a pcscd that says that it is ready also listens, a moment later, of which nobody is told.
func answers(tb testing.TB, d Daemon) {
	tb.Helper()
	for range 2000 {
		_, err := d.Service().Readers(tb.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, pcsc.ErrNotRunning) {
			tb.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	tb.Fatal("pcscd says that it is ready, and does not listen")
}

// isolated is pcscd with a folder /run of its own.
func isolated(path, config string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", `mount -t tmpfs tmpfs /run && exec "$0" --foreground --info --config "$1"`, path, config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// start starts a pcscd, waits until it says that it is ready, and stops it when the test ends.
func start(tb testing.TB, cmd *exec.Cmd) (int, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if err != nil {
		out.Close()
		return 0, err
	}
	ready, said := make(chan bool, 1), make(chan string, 1)
	go func() { // to its end, so that pcscd never waits for who reads what it says
		var last strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.Contains(lines.Text(), "daemon ready") {
				ready <- true
			}
			if last.Len() < 4096 {
				last.WriteString(lines.Text() + "\n")
			}
		}
		close(ready)
		said <- last.String()
		out.Close()
	}()
	if !<-ready {
		cmd.Wait()
		return 0, fmt.Errorf("it ended and said: %s", <-said)
	}
	tb.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	return cmd.Process.Pid, nil
}

// useRunning uses the machine's pcscd, when its virtual reader is free.
func useRunning(tb testing.TB, readers []pcsc.Reader) Daemon {
	tb.Helper()
	for _, r := range readers {
		if strings.Contains(r.Name, "Virtual PCD 00 00") && !r.Document {
			return Daemon{Socket: pcsc.DefaultSocket, VPCD: vpcd.DefaultAddress, Reader: r.Name, Second: "localhost:35964"}
		}
	}
	tb.Skip("another pcscd runs here that has no free virtual reader, and none of its own can run beside it")
	return Daemon{}
}

// freePorts finds two ports, one after the other, that nobody uses: vpcd has two slots.
func freePorts(tb testing.TB) int {
	tb.Helper()
	for range 100 {
		first, err := net.Listen("tcp4", "0.0.0.0:0")
		if err != nil {
			tb.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port+1))
		first.Close()
		if err == nil {
			second.Close()
			return port
		}
	}
	tb.Fatal("no two ports beside each other are free")
	return 0
}

// Lay lays a chip on the reader until it is lifted. Serve's error comes through the channel.
func (d Daemon) Lay(tb testing.TB, c vpcd.Chip) (lift func(), ended <-chan error) {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	conn, err := vpcd.Dial(ctx, d.VPCD)
	if err != nil {
		stop()
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		done <- vpcd.Serve(ctx, conn, c, vpcd.ATR(true))
	}()
	lift = func() {
		stop()
		<-finished
	}
	tb.Cleanup(lift)
	return lift, done
}
