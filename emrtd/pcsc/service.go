package pcsc

import (
	"context"
	"slices"
	"strings"

	"marz"
)

// DefaultSocket is where pcscd listens, unless its maker chose otherwise. Programs take it from PCSCLITE_CSOCK_NAME where that is set.
const DefaultSocket = "/run/pcscd/pcscd.comm"

// Service is the pcscd at a socket.
type Service struct {
	Socket string // "": DefaultSocket
}

// Reader is a reader that pcscd has, and what lies on it.
type Reader struct {
	Name     string
	Document bool   // a document lies on it
	ATR      []byte // of the document: the answer to reset, which tells kinds of chips apart and no documents

	event uint32 // counts documents laid down and lifted
}

func (s Service) dial(ctx context.Context) (*line, error) {
	if s.Socket == "" {
		s.Socket = DefaultSocket
	}
	return dial(ctx, s.Socket)
}

// Readers lists the readers, by name. None is no error.
func (s Service) Readers(ctx context.Context) ([]Reader, error) {
	l, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer l.close()
	list, err := l.states(ctx, cmdReaderState)
	slices.SortFunc(list, func(a, b Reader) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// WaitDocument waits until a document lies on a reader, and returns that reader: of one name, or where it is "" of any. A reader that is not there yet is waited for as well.
func (s Service) WaitDocument(ctx context.Context, reader string) (Reader, error) {
	return s.wait(ctx, func(list []Reader) (Reader, bool) {
		for _, r := range list {
			if r.Document && (reader == "" || r.Name == reader) {
				return r, true
			}
		}
		return Reader{}, false
	})
}

// WaitLifted waits until the document that lay on a reader when it was listed is lifted, also when another lies there already, or the reader is gone. It goes by pcscd's count of what was laid down and lifted: that no document is said to lie there may only mean
// that the last command to it failed, and pcscd has yet to look.
func (s Service) WaitLifted(ctx context.Context, from Reader) error {
	_, err := s.wait(ctx, func(list []Reader) (Reader, bool) {
		for _, r := range list {
			if r.Name == from.Name {
				return r, r.event != from.event
			}
		}
		return Reader{}, true
	})
	return err
}

// wait asks after every change of any reader until something is so.
func (s Service) wait(ctx context.Context, so func([]Reader) (Reader, bool)) (Reader, error) {
	l, err := s.dial(ctx)
	if err != nil {
		return Reader{}, err
	}
	defer l.close()
	for {
		list, err := l.states(ctx, cmdWaitChange) // and pcscd tells of the next change
		if err != nil {
			return Reader{}, err
		}
		if r, ok := so(list); ok {
			return r, nil
		}
		change, err := l.receive(ctx, 8)
		if err != nil {
			return Reader{}, err
		}
		if c := code(change.word(1)); c != codeOK {
			return Reader{}, c.failure("wait for a document", "")
		}
	}
}

// validName refuses names that pcscd cannot have.
func validName(reader string) error {
	if reader == "" || len(reader) >= nameSize || strings.ContainsRune(reader, 0) {
		return &marz.Error{Code: marz.Invalid, Op: "open reader", Subject: reader, Fix: "marz card readers lists the names of readers"}
	}
	return nil
}
