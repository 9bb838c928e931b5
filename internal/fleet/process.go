package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a node's program on its machine. It is killed and started again; that it ends by itself is a fault of it.
type process struct {
	host  *host
	args  []string // of marz
	log   string   // file to which it says what it has to say
	wrong func(who, what string)

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	runs int
	took time.Duration // of the processor, all runs
}

// wait is how long a program may take to end when it is told to.
const wait = time.Minute

// start starts the program, at a lower priority than all that is not the campaign's.
func (p *process) start(marz string, more ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.runs++
	args := append([]string{"-n", "10", "ip", "netns", "exec", p.host.ns(), marz}, p.args...)
	c := exec.Command("nice", append(args, more...)...) // nice and ip become the program, so that its id is this one's
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	p.cmd, p.done = c, done
	go func() {
		err := c.Wait()
		p.mu.Lock()
		unasked := p.cmd == c
		p.took += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		p.mu.Unlock()
		close(done)
		if unasked {
			p.wrong(p.host.name, fmt.Sprintf("ended by itself: %v\n%s", err, tail(p.log)))
		}
	}()
	return nil
}

// end sends the program a signal and waits until it is gone.
func (p *process) end(s syscall.Signal) error {
	p.mu.Lock()
	c, done := p.cmd, p.done
	p.cmd = nil
	p.mu.Unlock()
	if c == nil {
		return nil
	}
	c.Process.Signal(s)
	select {
	case <-done:
		return nil
	case <-time.After(wait):
		c.Process.Kill()
		<-done
		return fmt.Errorf("%s did not end within %s of being told to\n%s", p.host.name, wait, tail(p.log))
	}
}

// tail returns the last lines of a file.
func tail(path string) string {
	b, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], "\n")
}

// database is a PostgreSQL server on a machine of its own.
type database struct {
	host *host
	base string // its folder: data, and the socket by which the campaign looks into it
	bin  string
}

const superuser = "marz"

// newDatabase makes a cluster and starts it. Its disk is asked to be sure (fsync), as anywhere.
func newDatabase(ctx context.Context, h *host, base string) (*database, error) {
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no PostgreSQL server: apt-get install postgresql")
	}
	d := &database{h, base, all[len(all)-1]}
	if err := os.Mkdir(base, 0o700); err != nil {
		return nil, err
	}
	if err := each(ctx, "chown postgres:postgres "+base, d.as("initdb -D "+d.data()+" -U "+superuser+" -A trust -E UTF8 --locale=C")); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(d.data(), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	f.WriteString("host all all 10.77.0.0/16 trust\n")
	if err := f.Close(); err != nil {
		return nil, err
	}
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	return d, each(ctx, d.as("createdb -h "+base+" -U "+superuser+" fleet"))
}

func (d *database) data() string { return filepath.Join(d.base, "data") }

// as is a command of PostgreSQL's as its own user, on its machine.
func (d *database) as(command string) string {
	return "nice -n 10 ip netns exec " + d.host.ns() + " setpriv --reuid=postgres --regid=postgres --clear-groups " + filepath.Join(d.bin, command)
}

// start starts the server and returns when it answers.
func (d *database) start(ctx context.Context) error {
	os.Remove(filepath.Join(d.data(), "postmaster.pid")) // of a server that was killed: its number can be another program's by now
	log, err := os.OpenFile(filepath.Join(filepath.Dir(d.base), "database.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := strings.Fields(d.as("postgres -D " + d.data() + " -k " + d.base + " -h 0.0.0.0 -c max_connections=200 -c dynamic_shared_memory_type=mmap -c log_checkpoints=off"))
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Stdout, c.Stderr, c.Env = d.base, log, log, []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	if err := c.Start(); err != nil {
		return err
	}
	go c.Wait()
	for range 600 {
		if _, err := run(ctx, filepath.Join(d.bin, "pg_isready"), "-q", "-h", d.base, "-U", superuser, "-d", "postgres"); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("the database does not start\n%s", tail(log.Name()))
}

// kill ends the server and all its processes as a power cut would.
func (d *database) kill(ctx context.Context) error {
	signalTo(ctx, d.host.ns(), syscall.SIGKILL)
	return dead(ctx, d.host.ns())
}

// url is how a node reaches it.
func (d *database) url() string { return "postgres://" + superuser + "@db.fleet/fleet" }

// local is how the campaign reaches it.
func (d *database) local() string { return "postgres:///fleet?user=" + superuser + "&host=" + d.base }
