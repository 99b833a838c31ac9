package registry

import (
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
)

const (
	hexA  = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hexB  = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	layer = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// TestAmbiguousManifests has manifests that one reader can take for another thing than the next: a key twice, a key in other letters, a
// type that does not fit the content.
func TestAmbiguousManifests(t *testing.T) {
	t.Parallel()
	d := func(digest string) string {
		return fmt.Sprintf(`{"mediaType":"%s","digest":"%s","size":1}`, layer, digest)
	}
	child := strings.Replace(d(hexA), layer, string(types.OCIManifestSchema1), 1)
	config := strings.Replace(d(hexA), layer, string(types.OCIConfigJSON), 1)
	image := `{"schemaVersion":2,"config":` + config + `,"layers":[` + d(hexB) + `]}`
	const twice = "has a key twice, or in other letters"
	for _, test := range []struct {
		name, raw string
		kind      types.MediaType
		says      string
	}{
		{"an image", image, types.OCIManifestSchema1, ""},
		{"an index", `{"schemaVersion":2,"manifests":[` + child + `]}`, types.OCIImageIndex, ""},
		{"an empty index", `{"schemaVersion":2,"manifests":[]}`, types.OCIImageIndex, ""},
		{"annotations in any letters", strings.Replace(image, "{", `{"annotations":{"Digest":"x","digest":"y"},`, 1),
			types.OCIManifestSchema1, ""},
		{"an image that is served as an index", image, types.OCIImageIndex, "is served as an index and lists no manifests"},
		{"an index that is served as an image", `{"schemaVersion":2,"manifests":[` + child + `]}`,
			types.OCIManifestSchema1, "not a sha256 digest"},
		{"nothing as an index", `{"schemaVersion":2}`, types.OCIImageIndex, "lists no manifests"},
		{"the configuration twice", strings.Replace(image, "{", `{"config":`+d(hexB)+`,`, 1), types.OCIManifestSchema1, twice},
		{"the configuration in capitals too", strings.Replace(image, "{", `{"Config":`+d(hexB)+`,`, 1), types.OCIManifestSchema1, twice},
		{"the layers in capitals", strings.Replace(image, `"layers"`, `"Layers"`, 1), types.OCIManifestSchema1, twice},
		{"the layers with a long s", strings.Replace(image, `"layers"`, `"layerſ"`, 1), types.OCIManifestSchema1, twice},
		{"the layers twice", strings.TrimSuffix(image, "}") + `,"layers":[]}`, types.OCIManifestSchema1, twice},
		{"a layer's digest twice", strings.Replace(image, `"digest":"`+hexB, `"digest":"`+hexA+`","digest":"`+hexB, 1),
			types.OCIManifestSchema1, twice},
		{"a layer's digest in capitals", strings.Replace(image, `"digest":"`+hexB, `"Digest":"`+hexB, 1), types.OCIManifestSchema1, twice},
		{"a size twice", strings.Replace(image, `"size":1}]`, `"size":1,"SIZE":2}]`, 1), types.OCIManifestSchema1, twice},
		{"a child's digest twice", `{"schemaVersion":2,"manifests":[` + strings.Replace(child, "{", `{"digest":"`+hexB+`",`, 1) + `]}`,
			types.OCIImageIndex, twice},
		{"the media type twice", strings.Replace(image, "{", `{"mediaType":"x","mediatype":"`+string(types.OCIManifestSchema1)+`",`, 1),
			types.OCIManifestSchema1, twice},
		{"another key twice", strings.Replace(image, "{", `{"x":1,"X":2,`, 1), types.OCIManifestSchema1, twice},
		{"manifests and layers", strings.Replace(image, "{", `{"Manifests":[],`, 1), types.OCIManifestSchema1, twice},
		{"the subject twice", strings.Replace(image, "{", `{"subject":`+d(hexA)+`,"Subject":`+d(hexB)+`,`, 1), types.OCIManifestSchema1, twice},
		{"an object in the place of the list of layers", strings.Replace(image, `[`+d(hexB)+`]`, `{}`, 1), types.OCIManifestSchema1,
			"where a list belongs"},
		{"something behind the end", image + "{}", types.OCIManifestSchema1, "not a manifest"},
		{"a list", "[]", types.OCIManifestSchema1, "not a manifest"},
		{"null", "null", types.OCIManifestSchema1, "where an object belongs"},
	} {
		_, err := parse(manifest{digest: hexA, mediaType: test.kind, raw: []byte(test.raw)})
		if test.says == "" {
			assert.NoError(t, err, test.name)
		} else {
			assert.ErrorContains(t, err, test.says, test.name)
		}
	}
}

// TestAmbiguousUsers has configurations whose user depends on the reader. Go would read the last key, whatever its case.
func TestAmbiguousUsers(t *testing.T) {
	t.Parallel()
	for raw, ambiguous := range map[string]bool{
		`{"config":{"User":"1000","Labels":{"user":"0","User":"1"}}}`: false, `{"config":null}`: false, `{}`: false, `{"config":{}}`: false,
		`{"config":{"User":"0","user":"1000"}}`: true, `{"config":{"User":"0","User":"1000"}}`: true, `{"config":{"user":"1000"}}`: true,
		`{"config":{"User":"0"},"config":{"User":"1000"}}`: true, `{"config":{"User":"0"},"Config":{"User":"1000"}}`: true,
		`{"Config":{"User":"1000"}}`: true, `{"config":{"Uſer":"1000"}}`: true, `{"config":{"USER":"1000","User":"0"}}`: true,
		`{"config":{"User":"1000"}}{}`: true, `{"config":[]}`: true, `[]`: true, `{"config":{"User":"1000"}`: true,
	} {
		assert.Equal(t, ambiguous, plainConfig([]byte(raw)) != nil, raw)
	}
}

// TestWhatRuns covers images whose layers have types that this program does not know, and that a runtime may.
func TestWhatRuns(t *testing.T) {
	t.Parallel()
	const inToto, sbom = "application/vnd.in-toto+json", "application/spdx+json"
	for _, test := range []struct {
		config string
		layers []string
		runs   bool
	}{
		{string(types.OCIConfigJSON), []string{layer}, true},
		{string(types.DockerConfigJSON), []string{string(types.DockerLayer)}, true},
		{string(types.OCIConfigJSON), []string{inToto, inToto}, false},
		{string(types.OCIConfigJSON), []string{inToto, layer}, true},
		{string(types.OCIConfigJSON), []string{"application/vnd.oci.image.layer.v1.tar+lz4"}, true},
		{string(types.OCIConfigJSON), []string{strings.ToUpper(layer)}, true},
		{string(types.OCIConfigJSON) + "; x=y", []string{"application/x"}, true},
		{strings.ToUpper(string(types.OCIConfigJSON)), []string{"application/x"}, true},
		{"application/vnd.oci.empty.v1+json", []string{layer}, true},
		{"application/vnd.oci.empty.v1+json", []string{sbom}, false},
		{"application/vnd.cncf.helm.config.v1+json", []string{"application/vnd.cncf.helm.chart.content.v1.tar+gzip"}, false},
		{string(types.OCIConfigJSON), nil, false},
	} {
		n := &node{image: &v1.Manifest{Config: v1.Descriptor{MediaType: types.MediaType(test.config)}}}
		for _, one := range test.layers {
			n.image.Layers = append(n.image.Layers, v1.Descriptor{MediaType: types.MediaType(one)})
		}
		assert.Equal(t, test.runs, n.runs(), "%s with %s", test.config, test.layers)
	}
}
