package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Stop has the server end in order.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	s.end(tb, func() { s.cmd.Process.Signal(syscall.SIGINT) })
}

// Kill ends the server with all its processes at once, as a machine that loses its power does, except that what the system still holds is written.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.end(tb, func() {
		s.signal(syscall.SIGKILL)
	})
}

func (s *Server) end(tb testing.TB, how func()) {
	tb.Helper()
	if s.cmd == nil {
		tb.Fatal("the server does not run")
	}
	how()
	<-s.done
	s.cmd = nil
}

// Restart starts a server that was stopped or killed.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.start(tb)
}

// Pause holds all the server's processes still: connections stay, and nothing answers.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	s.signal(syscall.SIGSTOP)
}

// Resume lets them go on.
func (s *Server) Resume(tb testing.TB) {
	tb.Helper()
	s.signal(syscall.SIGCONT)
}

// signal signals all the server's processes. The first is held still while its children are looked for, so that there are no more.
func (s *Server) signal(sig syscall.Signal) {
	s.cmd.Process.Signal(syscall.SIGSTOP)
	for _, c := range children(s.cmd.Process.Pid) {
		syscall.Kill(c, sig) // one that has ended meanwhile is not there
	}
	s.cmd.Process.Signal(sig)
}

// children are the processes that a process has started.
func children(pid int) (out []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(b), ") ") // past the name
		if f := strings.Fields(after); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			out = append(out, n)
		}
	}
	return out
}

// Standby makes a standby of the server, which ends with the test. When it returns the standby follows the server, and the server answers no commit before it is on the standby's disk.
func (s *Server) Standby(tb testing.TB) *Server {
	tb.Helper()
	b := &Server{bin: s.bin, base: folder(tb)}
	tb.Cleanup(b.remove)
	b.run(tb, "pg_basebackup", "-D", b.data(), "-d", "host="+s.base+" port="+strconv.Itoa(port)+" user="+superuser, "-X", "stream", "-c", "fast", "-R", "--no-sync")
	b.start(tb)
	s.Exec(tb, "postgres", `ALTER SYSTEM SET synchronous_standby_names = '"`+b.name()+`"'`)
	s.Exec(tb, "postgres", `SELECT pg_reload_conf()`)
	s.await(tb, `"`+b.name()+`" is now a synchronous standby`)
	return b
}

// Promote makes a standby a server of its own that can be written to.
func (s *Server) Promote(tb testing.TB) {
	tb.Helper()
	if got := s.Exec(tb, "postgres", `SELECT pg_promote(true, 60)`); got != "t" {
		tb.Fatal("the standby was not promoted")
	}
}

// Processor is how many seconds of processor time the server's processes have used.
func (s *Server) Processor() (seconds float64) {
	const ticks = 100 // a second (USER_HZ)
	pid := s.cmd.Process.Pid
	for _, p := range append(children(pid), pid) {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(p) + "/stat")
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(after)
		last := 13 // its own time
		if p == pid {
			last = 15 // and that of children that have ended
		}
		for _, n := range f[11:last] {
			v, _ := strconv.ParseFloat(n, 64)
			seconds += v / ticks
		}
	}
	return seconds
}
