package chip

import (
	"context"
	"errors"
	"fmt"
)

// Reader reads one chip. It belongs to one goroutine.
type Reader struct {
	card    Card
	session *session   // nil: nothing protects the channel yet
	long    int        // how much is read at once from a chip that takes commands of extended length; 0: it does not
	taken   int        // commands so far
	proof   *chipProof // of PACE with chip authentication mapping
}

// mostCommands bounds what one document can take: portraits and fingers of some hundred kilobytes in pieces of 200 bytes.
const mostCommands = 20_000

// ErrNoAnswer says that nothing came back from the chip, or nothing that is a response.
var ErrNoAnswer = errors.New("the chip does not answer; lay the document down again")

// Over reports whether an error ends the reading: nothing more can be asked over this channel. After any other the chip refused one thing, or one of its files is not as it has to be, and the next can be asked for.
func Over(err error) bool {
	refused := (*Refused)(nil)
	return errors.Is(err, ErrNoAnswer) || errors.Is(err, errProtected) || errors.Is(err, errTooMany) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &refused) && refused.Lost
}

var errTooMany = fmt.Errorf("the chip was asked %d times and is not read yet; it is taken for a fault", mostCommands)

// NewReader begins with a chip that has just been found.
func NewReader(card Card) *Reader { return &Reader{card: card} }

// Forget gives the protected channel up, so that the chip can be opened anew.
func (r *Reader) Forget() { r.session, r.proof = nil, nil }

// send sends a command, over the protected channel if there is one, and returns the response whatever its status. what says in words what the command is for.
func (r *Reader) send(ctx context.Context, c Command, what string) (Response, error) {
	if r.taken++; r.taken > mostCommands {
		return Response{}, errTooMany
	}
	if err := ctx.Err(); err != nil {
		return Response{}, err
	}
	if r.session != nil {
		c = r.session.protect(c)
	}
	b, err := c.Bytes()
	if err != nil {
		return Response{}, err
	}
	b, err = r.card.Transmit(ctx, b)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w: %w", what, ErrNoAnswer, err)
	}
	answer, err := parseResponse(b)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w: %w", what, ErrNoAnswer, err)
	}
	if r.session == nil {
		return answer, nil
	}
	if len(answer.Data) == 0 { // a chip that has given the channel up says why without one
		return Response{}, &Refused{Command: what, Status: answer.Status, Lost: true}
	}
	if answer, err = r.session.open(answer); err != nil {
		return Response{}, fmt.Errorf("%s: %w", what, err)
	}
	return answer, nil
}

// ask sends a command that has to be done.
func (r *Reader) ask(ctx context.Context, c Command, what string) ([]byte, error) {
	answer, err := r.send(ctx, c, what)
	if err != nil {
		return nil, err
	}
	if answer.Status != OK {
		return nil, &Refused{Command: what, Status: answer.Status}
	}
	return answer.Data, nil
}

// applet is the application of a travel document (ICAO 9303-10 §4.4).
var applet = []byte{0xa0, 0, 0, 2, 0x47, 0x10, 1}

// SelectApplet chooses the application of a travel document. After Password Authenticated Connection Establishment it goes over the protected channel.
func (r *Reader) SelectApplet(ctx context.Context) error {
	_, err := r.ask(ctx, Command{INS: 0xa4, P1: 4, P2: 0x0c, Data: applet}, "choose its travel document application")
	return err
}
