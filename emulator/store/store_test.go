package store_test

import (
	"bufio"
	"bytes"
	"encoding/json"
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
	"go.etcd.io/bbolt"
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

	failure := errors.New("refused")
	err := s.Update(func(tx *store.Tx) error {
		require.NoError(t, tx.Put("a", store.Document{"n": 2.0}))
		require.NoError(t, tx.Put("b", store.Document{}))
		require.NoError(t, tx.PutSecret("s", []byte("value")))
		return failure
	})
	require.ErrorIs(t, err, failure)

	assert.Equal(t, map[string]store.Document{"a": {"n": 1.0}}, read(t, s))
	require.NoError(t, s.Close())
	assert.Equal(t, map[string]store.Document{"a": {"n": 1.0}}, read(t, open(t, dir)), "the file has what memory has")
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

// TestVersion checks that two views have the same version if and only if nothing was written between them.
func TestVersion(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	last := uint64(0)
	changed := func(change func(*store.Tx) error) bool {
		t.Helper()
		_ = s.Update(change)
		before := last
		require.NoError(t, s.View(func(tx *store.Tx) error { last = tx.Version(); return nil }))
		return last != before
	}
	put := func(tx *store.Tx) error { return tx.Put("a", store.Document{"n": 1.0}) }
	assert.True(t, changed(put))
	assert.False(t, changed(put), "the same document")
	assert.False(t, changed(func(*store.Tx) error { return nil }))
	assert.False(t, changed(func(tx *store.Tx) error { return errors.Join(tx.Delete("a"), errors.New("taken back")) }))
	assert.True(t, changed(func(tx *store.Tx) error { return tx.PutSecret("key", []byte("value")) }))
	assert.True(t, changed(func(tx *store.Tx) error { return tx.Delete("a") }))
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
	for _, name := range []string{"key", "state.db"} {
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
	const restore = "; restore the file, or delete its folder to start with an empty cloud"
	// database writes a file by hand: what no Store would write.
	database := func(buckets ...map[string]string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			file, err := bbolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, file.Update(func(tx *bbolt.Tx) error {
				for i, name := range []string{"about", "documents", "sealed"}[:len(buckets)] {
					bucket, err := tx.CreateBucket([]byte(name))
					require.NoError(t, err)
					for key, value := range buckets[i] {
						require.NoError(t, bucket.Put([]byte(key), []byte(value)))
					}
				}
				return nil
			}))
			require.NoError(t, file.Close())
		}
	}
	text := func(content string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	}
	format2 := map[string]string{"format": "2"}
	for name, test := range map[string]struct {
		write func(t *testing.T, path string)
		file  string
		want  string // with %s for the file
	}{
		"no database": {text(strings.Repeat("x", 1<<14)), "state.db", "the cloud's store %s is damaged: invalid database" + restore},
		"no format":   {database(map[string]string{}), "state.db", "the cloud's store %s is damaged: it says no format" + restore},
		"half a format": {database(map[string]string{"format": "2x"}), "state.db",
			"the cloud's store %s is damaged: it says no format" + restore},
		"format of an older file": {database(map[string]string{"format": "1"}), "state.db",
			"the cloud's store %s is damaged: it says no format" + restore},
		"no bucket": {database(format2, nil), "state.db", `the cloud's store %s is damaged: it has no bucket "sealed"` + restore},
		"wrong document": {database(format2, map[string]string{"a": "[]"}, nil), "state.db",
			"the cloud's store %s is damaged: a has something other than an object" + restore},
		"newer format": {database(map[string]string{"format": "3"}), "state.db",
			"the cloud's store %s has format 3 and this program reads up to 2; " +
				"use the newer program, or delete the folder to start with an empty cloud"},
		"key damaged": {text("secret!"), "key", "the key %s of the cloud's store is damaged: want 64 hexadecimal digits" + restore},
		"key too short": {text(strings.Repeat("ab", 31)), "key",
			"the key %s of the cloud's store is damaged: want 64 hexadecimal digits" + restore},
		"key and more": {text(strings.Repeat("ab", 32) + "x"), "key",
			"the key %s of the cloud's store is damaged: want 64 hexadecimal digits" + restore},
		"old, half a file": {text(`{"format":1,"docu`), "state.json", "the cloud's store %s is damaged: unexpected EOF" + restore},
		"old, no format":   {text(`{"documents":{}}`), "state.json", "the cloud's store %s is damaged: it says format 0 instead of 1" + restore},
		"old, unknown field": {text(`{"format":1,"rows":[]}`), "state.json",
			`the cloud's store %s is damaged: json: unknown field "rows"` + restore},
		"old, wrong document": {text(`{"format":1,"documents":{"a":[]}}`), "state.json",
			"the cloud's store %s is damaged: a has something other than an object" + restore},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), test.file)
			test.write(t, file)
			before, err := os.ReadFile(file)
			require.NoError(t, err)
			for range 2 { // the second time shows that the first let go of the lock and overwrote nothing
				_, err := store.Open(filepath.Dir(file))
				require.EqualError(t, err, fmt.Sprintf(test.want, file))
			}
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(before), string(after))
		})
	}
}

func TestSecretsWithoutTheirKeyAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.PutSecret("v1", []byte("value")) }))
	require.NoError(t, s.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "key")))
	_, err := store.Open(dir)
	require.EqualError(t, err, "the key "+filepath.Join(dir, "key")+" of the cloud's store is gone and secrets were sealed with it; "+
		"restore the file, or delete its folder to start with an empty cloud")
}

// TestCutOffFile removes pages from the end of a file. The rest either opens with all of its documents or is refused as damaged. It
// never crashes the process.
func TestCutOffFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 200 {
		require.NoError(t, s.Update(func(tx *store.Tx) error {
			return tx.Put(fmt.Sprint(i), store.Document{"filler": strings.Repeat("x", 1000)})
		}))
	}
	require.NoError(t, s.Close())
	whole, err := os.ReadFile(filepath.Join(dir, "state.db"))
	require.NoError(t, err)
	refused := 0
	for size := 0; size < len(whole); size += len(whole)/16 + 1 {
		cut := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(cut, "key"), []byte(strings.Repeat("ab", 32)), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(cut, "state.db"), whole[:size], 0o600))
		s, err := store.Open(cut)
		if err != nil {
			require.ErrorContains(t, err, "is damaged: ")
			refused++
			continue
		}
		if size > 0 { // an empty file is a new one
			assert.Len(t, read(t, s), 200)
		}
		require.NoError(t, s.Close())
	}
	assert.Positive(t, refused)
}

// TestOldFolder opens a folder of format 1, with a secret that its key opens. It also opens what a process left that was killed
// while it converted such a folder.
func TestOldFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir) // makes the key, and the secret as format 1 sealed it
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.PutSecret("v1", []byte("value")) }))
	require.NoError(t, s.Close())
	var sealed []byte
	file, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, file.View(func(tx *bbolt.Tx) error {
		sealed = slices.Clone(tx.Bucket([]byte("sealed")).Get([]byte("v1")))
		return nil
	}))
	require.NoError(t, file.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "state.db")))
	old, err := json.Marshal(map[string]any{"format": 1, "documents": map[string]any{"a": map[string]any{"n": 1}},
		"sealed": map[string]any{"v1": sealed}})
	require.NoError(t, err)

	for _, left := range []string{string(old), `{"format":1,"documents":{"a":{"n":0}}}`} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "state.json"), []byte(left), 0o600))
		s = open(t, dir)
		assert.Equal(t, map[string]store.Document{"a": {"n": 1.0}}, read(t, s))
		require.NoError(t, s.View(func(tx *store.Tx) error {
			payload, found, err := tx.Secret("v1")
			assert.True(t, found)
			assert.Equal(t, "value", string(payload))
			return err
		}))
		assert.NoFileExists(t, filepath.Join(dir, "state.json"))
		require.NoError(t, s.Close())
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

// TestModel makes random transactions, some of which fail, reopens the store in between, and compares it with a map.
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
						require.NoError(t, tx.Delete(name))
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

// TestKilledWriter kills a process that writes pairs of documents. Of the last pair, both are there or neither is.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	const variable = "STORE_TEST_WRITE_TO"
	if dir := os.Getenv(variable); dir != "" {
		s := open(t, dir)
		for i := 0; ; i++ {
			require.NoError(t, s.Update(func(tx *store.Tx) error {
				return errors.Join(tx.Put("left", store.Document{"n": i}),
					tx.Put("right", store.Document{"n": i, "filler": strings.Repeat("x", 1<<16)}))
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
		require.NoError(t, lines.Err())
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

// BenchmarkUpdate writes one document in stores of different sizes. For comparison it also writes as format 1 did: all documents in
// one file, which is replaced.
func BenchmarkUpdate(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		document := func(n int) store.Document { return store.Document{"n": n, "filler": strings.Repeat("x", 1500)} }
		b.Run(fmt.Sprintf("documents=%d/store", size), func(b *testing.B) {
			s := open(b, b.TempDir())
			defer s.Close()
			require.NoError(b, s.Update(func(tx *store.Tx) error {
				for i := range size {
					require.NoError(b, tx.Put(fmt.Sprint(i), document(i)))
				}
				return nil
			}))
			for n := 0; b.Loop(); n++ {
				require.NoError(b, s.Update(func(tx *store.Tx) error { return tx.Put("0", document(size+n)) }))
			}
		})
		b.Run(fmt.Sprintf("documents=%d/one-file", size), func(b *testing.B) {
			all := map[string]store.Document{}
			for i := range size {
				all[fmt.Sprint(i)] = document(i)
			}
			path := filepath.Join(b.TempDir(), "state.json")
			for n := 0; b.Loop(); n++ {
				all["0"] = document(size + n)
				data, err := json.Marshal(all)
				require.NoError(b, err)
				file, err := os.Create(path + ".new")
				require.NoError(b, err)
				_, err = file.Write(data)
				require.NoError(b, errors.Join(err, file.Sync(), file.Close(), os.Rename(path+".new", path)))
			}
		})
	}
}
