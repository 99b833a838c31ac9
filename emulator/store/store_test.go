package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

func open(t require.TestingT, dir string) *store.Store {
	s, err := store.Open(dir)
	require.NoError(t, err)
	return s
}

func read(t require.TestingT, s *store.Store) map[string]store.Document {
	all := map[string]store.Document{}
	require.NoError(t, s.View(func(tx *store.Tx) error {
		for _, name := range tx.List("") {
			all[name] = tx.Get(name)
		}
		return nil
	}))
	return all
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put("a", store.Document{"n": 1.0}) }))
	before, err := os.ReadFile(filepath.Join(dir, "state.json"))
	require.NoError(t, err)

	failure := errors.New("refused")
	err = s.Update(func(tx *store.Tx) error {
		require.NoError(t, tx.Put("a", store.Document{"n": 2.0}))
		require.NoError(t, tx.Put("b", store.Document{}))
		require.NoError(t, tx.PutSecret("s", []byte("value")))
		return failure
	})
	require.ErrorIs(t, err, failure)

	assert.Equal(t, map[string]store.Document{"a": {"n": 1.0}}, read(t, s))
	after, err := os.ReadFile(filepath.Join(dir, "state.json"))
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func TestViewSeesOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put("a", store.Document{"n": 1.0}) }))
	require.NoError(t, s.View(func(tx *store.Tx) error {
		require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put("a", store.Document{"n": 2.0}) }))
		assert.Equal(t, store.Document{"n": 1.0}, tx.Get("a"))
		assert.Error(t, tx.Put("a", store.Document{}), "a view must not write")
		return nil
	}))
	assert.Equal(t, store.Document{"n": 2.0}, read(t, s)["a"])
}

func TestDocumentsAreCopies(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	given := store.Document{"labels": map[string]any{"k": "v"}}
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put("a", given) }))
	given["labels"].(map[string]any)["k"] = "changed"
	require.NoError(t, s.View(func(tx *store.Tx) error {
		tx.Get("a")["labels"].(map[string]any)["k"] = "changed too"
		assert.Equal(t, store.Document{"labels": map[string]any{"k": "v"}}, tx.Get("a"))
		return nil
	}))
}

func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	payload := []byte("correct horse battery staple")
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.PutSecret("v1", payload) }))
	require.NoError(t, s.Close())

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		assert.NotContains(t, string(data), "correct horse", entry.Name())
		assert.NotContains(t, string(data), "Y29ycmVjdCBob3Jz", entry.Name()) // the same in base64
	}
	for _, name := range []string{"key", "state.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}

	s = open(t, dir)
	require.NoError(t, s.Update(func(tx *store.Tx) error {
		got, found, err := tx.Secret("v1")
		assert.Equal(t, payload, got)
		assert.True(t, found)
		require.NoError(t, err)
		_, found, err = tx.Secret("v2")
		assert.False(t, found)
		require.NoError(t, err)
		return tx.DeleteSecret("v1")
	}))
	require.NoError(t, s.View(func(tx *store.Tx) error {
		_, found, err := tx.Secret("v1")
		assert.False(t, found)
		return err
	}))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const start = "; restore the file, or delete its folder to start with an empty cloud"
	for name, test := range map[string]struct {
		state, key string
		want       string // with %s for the file
	}{
		"half a file":    {state: `{"format":1,"docu`, want: "the cloud's store %s is damaged: unexpected end of JSON input" + start},
		"no format":      {state: `{"documents":{}}`, want: "the cloud's store %s is damaged: it says no format" + start},
		"newer format":   {state: `{"format":2,"rows":[]}`, want: "the cloud's store %s has format 2 and this program reads up to 1; use the newer program, or delete the folder to start with an empty cloud"},
		"unknown field":  {state: `{"format":1,"rows":[]}`, want: `the cloud's store %s is damaged: json: unknown field "rows"` + start},
		"wrong document": {state: `{"format":1,"documents":{"a":[]}}`, want: "the cloud's store %s is damaged: a is no object" + start},
		"key gone":       {state: `{"format":1,"documents":{},"sealed":{"a":"AAAA"}}`, want: "the key %s of the cloud's store is gone and secrets were sealed with it" + start},
		"key damaged":    {key: "secret!", want: "the key %s of the cloud's store is damaged: want 64 hexadecimal digits" + start},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "state.json")
			if test.state != "" {
				require.NoError(t, os.WriteFile(file, []byte(test.state), 0o600))
			}
			if test.key != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte(test.key), 0o600))
			}
			if strings.HasPrefix(test.want, "the key") {
				file = filepath.Join(dir, "key")
			}
			for range 2 { // the second time shows that the first let go of the lock and overwrote nothing
				_, err := store.Open(dir)
				require.EqualError(t, err, fmt.Sprintf(test.want, file))
			}
			if test.state != "" {
				data, err := os.ReadFile(filepath.Join(dir, "state.json"))
				require.NoError(t, err)
				assert.Equal(t, test.state, string(data))
			}
		})
	}
}

func TestAnotherKeyDoesNotOpenSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.PutSecret("v1", []byte("value")) }))
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte(strings.Repeat("ab", 32)), 0o600))
	require.NoError(t, open(t, dir).View(func(tx *store.Tx) error {
		_, found, err := tx.Secret("v1")
		assert.True(t, found)
		require.EqualError(t, err, "secret v1 does not open with this store's key; restore the key file that belongs to the store")
		return nil
	}))
}

func TestOneOpenerAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	_, err := store.Open(dir)
	require.ErrorIs(t, err, store.ErrLocked)
	require.NoError(t, first.Close())
	require.NoError(t, first.Close())
	require.Error(t, first.Update(func(*store.Tx) error { return nil }))
	require.NoError(t, open(t, dir).Close())
}

// TestModel makes random transactions, some of which fail, with the store reopened in between, and compares it with a map.
func TestModel(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(parent, "")
		require.NoError(t, err)
		s := open(t, dir)
		model, secrets := map[string]store.Document{}, map[string]string{}
		names := rapid.SampledFrom([]string{"a", "a/b", "a/c", "b", "//x/é"})
		check := func() {
			got := read(t, s)
			require.Equal(t, model, got)
			require.NoError(t, s.View(func(tx *store.Tx) error {
				for _, name := range []string{"a", "a/b", "a/c", "b", "//x/é"} {
					payload, found, err := tx.Secret(name)
					require.NoError(t, err)
					want, wanted := secrets[name]
					require.Equal(t, wanted, found)
					require.Equal(t, want, string(payload))
				}
				want := slices.DeleteFunc(slices.Sorted(maps.Keys(model)), func(name string) bool { return !strings.HasPrefix(name, "a/") })
				require.ElementsMatch(t, want, tx.List("a/"))
				require.True(t, slices.IsSorted(tx.List("")))
				return nil
			}))
		}
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			fail := rapid.Bool().Draw(t, "fail")
			next, nextSecrets := maps.Clone(model), maps.Clone(secrets)
			failure := errors.New("fails")
			err := s.Update(func(tx *store.Tx) error {
				for range rapid.IntRange(0, 5).Draw(t, "writes") {
					name := names.Draw(t, "name")
					switch rapid.IntRange(0, 3).Draw(t, "write") {
					case 0:
						document := store.Document{"v": rapid.String().Draw(t, "value"), "n": float64(rapid.Int32().Draw(t, "number"))}
						require.NoError(t, tx.Put(name, document))
						next[name] = document
					case 1:
						found, err := tx.Delete(name)
						require.NoError(t, err)
						require.Equal(t, next[name] != nil, found)
						delete(next, name)
					case 2:
						value := rapid.String().Draw(t, "secret")
						require.NoError(t, tx.PutSecret(name, []byte(value)))
						nextSecrets[name] = value
					case 3:
						require.NoError(t, tx.DeleteSecret(name))
						delete(nextSecrets, name)
					}
				}
				if fail {
					return failure
				}
				return nil
			})
			if fail {
				require.ErrorIs(t, err, failure)
			} else {
				require.NoError(t, err)
				model, secrets = next, nextSecrets
			}
			if rapid.Bool().Draw(t, "reopen") {
				require.NoError(t, s.Close())
				s = open(t, dir)
			}
			check()
		}
		require.NoError(t, s.Close())
	})
}

// TestKilledWriter kills a process that writes pairs of documents and finds both or neither of the last pair.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	const variable = "STORE_TEST_WRITE_TO"
	if dir := os.Getenv(variable); dir != "" {
		s := open(t, dir)
		for i := 0; ; i++ {
			require.NoError(t, s.Update(func(tx *store.Tx) error {
				return errors.Join(tx.Put("left", store.Document{"n": i}), tx.Put("right", store.Document{"n": i, "filler": strings.Repeat("x", 1<<16)}))
			}))
			fmt.Println("wrote", i)
		}
	}
	for _, writes := range []int{1, 2, 7, 20} {
		dir := t.TempDir()
		command := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
		command.Env = append(os.Environ(), variable+"="+dir)
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		lines := bufio.NewScanner(output)
		for seen := 0; seen < writes && lines.Scan(); {
			if bytes.HasPrefix(lines.Bytes(), []byte("wrote")) {
				seen++
			}
		}
		require.NoError(t, command.Process.Kill())
		_ = command.Wait()

		s := open(t, dir)
		state := read(t, s)
		require.NotNil(t, state["left"])
		assert.Equal(t, state["left"]["n"], state["right"]["n"])
		assert.GreaterOrEqual(t, state["left"]["n"], float64(writes-1), "what was acknowledged is there")
		require.NoError(t, s.Close())
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	s, err := store.Memory()
	require.NoError(t, err)
	require.NoError(t, s.Update(func(tx *store.Tx) error {
		return errors.Join(tx.Put("a", store.Document{"b": "c"}), tx.PutSecret("a", []byte("secret")))
	}))
	failure := errors.New("no")
	require.ErrorIs(t, s.Update(func(tx *store.Tx) error { return errors.Join(tx.Put("a", store.Document{}), failure) }), failure)
	require.NoError(t, s.View(func(tx *store.Tx) error {
		assert.Equal(t, store.Document{"b": "c"}, tx.Get("a"))
		payload, found, err := tx.Secret("a")
		assert.True(t, found)
		assert.Equal(t, "secret", string(payload))
		return err
	}))
	require.NoError(t, s.Close())
	require.ErrorContains(t, s.View(func(*store.Tx) error { return nil }), "closed")
}
