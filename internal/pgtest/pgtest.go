// Package pgtest runs PostgreSQL servers of a test's own: Debian's, each in a temporary folder and on a socket in it, on no network. They can be stopped, killed, held still, followed by a standby,
// and that promoted.
//
// A test binary shares one server (Shared), and each test has a database of its own in it. Where no server is installed tests are skipped, and say what to install.
package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "marz"
	port      = 5432 // of the socket; each server has a folder of its own
	patience  = time.Minute
)

// Server is a PostgreSQL server. Its methods are for one goroutine.
type Server struct {
	bin  string // folder of its programs
	base string // folder of everything: data, and the socket
	out  *output
	cmd  *exec.Cmd // nil while it does not run
	done chan struct{}
}

// programs finds the folder of the server's programs, that of the newest version where there are several.
func programs() string {
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(all, func(a, b string) int { return version(b) - version(a) })
	if len(all) > 0 {
		return filepath.Dir(all[0])
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// Start starts a server that ends with the test, or skips the test where none is installed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := create(tb)
	tb.Cleanup(s.remove)
	s.start(tb)
	return s
}

// create makes a new cluster that does not run yet.
func create(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{bin: programs()}
	if s.bin == "" {
		tb.Skip("needs a PostgreSQL server (apt-get install postgresql)")
	}
	s.base = folder(tb)
	s.run(tb, "initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	return s
}

// folder makes a folder that belongs to who runs the servers. Its path is short, since a socket's may not be long.
func folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "marz-pg-")
	if err != nil {
		tb.Fatal(err)
	}
	if c := unprivileged(tb); c != nil {
		if err := os.Chown(dir, int(c.Uid), int(c.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// unprivileged is as whom servers run when the test is root, as whom they refuse to.
func unprivileged(tb testing.TB) *syscall.Credential {
	tb.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			tb.Skip("PostgreSQL does not run as root, and there is no user postgres to run it as")
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) data() string { return filepath.Join(s.base, "data") }

func (s *Server) command(tb testing.TB, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.base
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(tb), Pdeathsig: syscall.SIGQUIT} // so that no server outlives the tests
	return cmd
}

// run runs one of the server's programs to its end.
func (s *Server) run(tb testing.TB, program string, args ...string) {
	tb.Helper()
	if out, err := s.command(tb, program, args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// start starts the server and waits until it answers.
func (s *Server) start(tb testing.TB) {
	tb.Helper()
	s.cmd = s.command(tb, "postgres", "-D", s.data(), "-k", s.base, "-h", "", "-p", strconv.Itoa(port),
		"-c", "cluster_name="+s.name(), "-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=4GB", "-c", "dynamic_shared_memory_type=mmap",
		"-c", "log_destination=stderr", "-c", "logging_collector=off", "-c", "log_checkpoints=off")
	s.out = &output{more: make(chan struct{})}
	s.cmd.Stderr = s.out
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	s.done = make(chan struct{})
	cmd, done := s.cmd, s.done
	go func() {
		cmd.Wait()
		close(done)
	}()
	s.await(tb, "ready to accept")
}

func (s *Server) name() string { return filepath.Base(s.base) }

// await waits until the server has said something in its log.
func (s *Server) await(tb testing.TB, what string) {
	tb.Helper()
	late := time.After(patience)
	for {
		said, more := s.out.said(what)
		if said {
			return
		}
		select {
		case <-more:
		case <-s.done:
			tb.Fatalf("the server ended before it said %q:\n%s", what, s.out.text())
		case <-late:
			tb.Fatalf("the server does not say %q:\n%s", what, s.out.text())
		}
	}
}

// output keeps what a server writes.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed when there is more
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.b.Write(p)
}

func (o *output) said(what string) (bool, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.b.Bytes(), []byte(what)), o.more
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// remove ends the server and deletes what it had.
func (s *Server) remove() {
	if s.cmd != nil { // it may be held still
		s.signal(syscall.SIGKILL)
		<-s.done
		s.cmd = nil
	}
	os.RemoveAll(s.base)
}

// URL is the connection string of a database of this server and of others, in this order, of which the one is meant that can be written to.
func (s *Server) URL(database string, others ...*Server) string {
	hosts := []string{s.base}
	for _, o := range others {
		hosts = append(hosts, o.base)
	}
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable target_session_attrs=read-write", strings.Join(hosts, ","), port, superuser, database)
}

// Exec runs statements in a database, and returns the first value of the last one's answer, if there is one.
func (s *Server) Exec(tb testing.TB, database, sql string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", s.base, port, superuser, database))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close(ctx)
	all, err := c.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	if last := all[len(all)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

var databases atomic.Int64

// Database makes an empty database, which is dropped when the test ends, and returns its name.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	s.Exec(tb, "postgres", "CREATE DATABASE "+name)
	tb.Cleanup(func() {
		if s.cmd != nil {
			s.Exec(tb, "postgres", "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	return name
}

// Folder is the server's data folder, for tests that look into its files. Its socket lies in the folder above.
func (s *Server) Folder() string { return s.data() }
