package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// yamlFile reads the one configuration file: its keys are the names of the flags. A key that is no flag stops the start.
func yamlFile(r io.Reader) (kong.Resolver, error) {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	return readYAML(b)
}

func readYAML(b []byte) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.Unmarshal(b, &values); err != nil {
		return nil, fmt.Errorf("the file is no YAML mapping of names to values: %w", err)
	}
	return file(values), nil
}

// file is the configuration file as kong asks it.
type file map[string]any

// Validate says which keys are no flags.
func (f file) Validate(app *kong.Application) error {
	var known []string
	collect := func(n *kong.Node) {
		for _, fl := range n.Flags {
			known = append(known, fl.Name)
		}
	}
	collect(app.Node)
	for _, n := range app.Leaves(false) {
		collect(n)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	var errs []error
	for k := range f {
		if !slices.Contains(known, k) {
			errs = append(errs, fmt.Errorf("unknown key %q: use one of %s", k, strings.Join(known, ", ")))
		}
	}
	return errors.Join(errs...)
}

// Resolve gives the value of a flag.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	switch v := f[flag.Name].(type) {
	case nil:
		return nil, nil
	case string, bool:
		return v, nil
	case int, int64, uint64, float64:
		return fmt.Sprint(v), nil
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
		return strings.Join(out, ","), nil
	default:
		return nil, fmt.Errorf("key %q: want one value, not %T", flag.Name, v)
	}
}
