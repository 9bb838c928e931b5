package exercise

import (
	"fmt"
	"os"
	"path/filepath"

	"marz"
	"marz/agreement"
	"marz/scenarios"
	"marz/scenarios/armenia"
)

// scenario is what an exercise is made of: places and authorities, the agreements between them, and a drawing or none.
type scenario struct {
	*scenarios.Scenario
	name       string
	agreements *agreement.Document
	drawing    []byte
}

// readScenario reads the scenario of a folder; "" is the Armenian one. Its authorities are those of the exercise's officers.
func readScenario(folder string) (*scenario, error) {
	if folder == "" {
		s, err := armenia.Load()
		if err != nil {
			return nil, err
		}
		d, err := agreement.Parse("armenia/agreements.toml", armenia.Agreements())
		return &scenario{s, "armenia", d, armenia.Map()}, err
	}
	read := func(name string) (path string, b []byte, err error) {
		path = filepath.Join(folder, name)
		if b, err = os.ReadFile(path); err != nil {
			err = &marz.Error{Code: marz.NotFound, Op: "read scenario", Subject: path, Fix: "a scenario is a folder with scenario.toml and agreements.toml", Err: err}
		}
		return path, b, err
	}
	path, b, err := read("scenario.toml")
	if err != nil {
		return nil, err
	}
	s, err := scenarios.Parse(path, b)
	if err != nil {
		return nil, err
	}
	for _, a := range authorities {
		if _, ok := s.Authority(a); !ok {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read scenario", Subject: path, Fix: fmt.Sprintf("an exercise's officers serve %q and %q: it has to have both", authorities[0], authorities[1])}
		}
	}
	if path, b, err = read("agreements.toml"); err != nil {
		return nil, err
	}
	d, err := agreement.Parse(path, b)
	return &scenario{s, filepath.Base(folder), d, nil}, err
}
