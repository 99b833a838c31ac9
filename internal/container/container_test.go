package container_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func TestImage(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	require.NoError(t, container.Image("args.Image", "host/web@"+digest))
	require.EqualError(t, container.Image("args.Image", "web:1"),
		`args.Image "web:1" is not an image by digest: write NAME@sha256:<64 hex digits>, because a tag may move; `+
			"`docker buildx imagetools inspect NAME:TAG` shows the digest")
	require.NoError(t, container.ImageUser("node@"+digest, "host/web@"+digest))
	for _, user := range []string{"@" + digest, "node", "node@sha256:00"} {
		require.EqualError(t, container.ImageUser(user, "host/web@"+digest),
			`args.ImageUser "`+user+`" does not belong to args.Image: write USER@`+digest+`, or leave it out`)
	}
}

func TestCheckImage(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	byDigest, byTag := pulumi.String("host/web@"+digest), pulumi.String("web:1")
	missing := errors.New("args.Image is missing: set an image by digest, NAME@sha256:<64 hex digits>")
	for name, test := range map[string]struct {
		image, user pulumi.StringInput
		want        error
	}{
		"no image":                          {nil, nil, missing},
		"by digest":                         {byDigest, nil, nil},
		"by tag":                            {byTag, nil, container.Image("args.Image", string(byTag))},
		"its user":                          {byDigest, pulumi.String("node@" + digest), nil},
		"nobody looked up the image's user": {byDigest, pulumi.String(""), nil},
		"another's user":                    {byDigest, pulumi.String("node"), container.ImageUser("node", string(byDigest))},
		"not known yet":                     {byTag.ToStringOutput(), pulumi.String("node"), nil},
		"a user that is not known yet":      {byDigest, pulumi.String("node").ToStringOutput(), nil},
	} {
		var found problems.List
		container.CheckImage(test.image, test.user, &found)
		if test.want == nil {
			assert.NoError(t, found.Err(), name)
			continue
		}
		assert.EqualError(t, found.Err(), test.want.Error(), name)
	}
}

// What is absent stays absent: an empty map or list would rename a revision.
func TestAbsentArguments(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	image := pulumi.String("host/web@" + digest)
	assert.Nil(t, container.UserAnnotation("user", image, nil))
	for user, want := range map[string]map[string]string{"": nil, "node@" + digest: {"user": "node@" + digest}} {
		annotation := container.UserAnnotation("user", image, pulumi.String(user)).ToStringMapOutput()
		assert.Equal(t, want, pulumitest.Value[map[string]string](t, annotation))
	}
	assert.Nil(t, container.Text(""))
	assert.Equal(t, pulumi.String("a"), container.Text("a"))
	assert.Nil(t, container.Texts(nil))
	assert.Equal(t, pulumi.StringArray{pulumi.String("a")}, container.Texts([]string{"a"}))
}

func TestVariables(t *testing.T) {
	t.Parallel()
	type secret struct{ Secret, Version pulumi.StringInput }
	texts := func(names ...string) map[string]pulumi.StringInput {
		values := map[string]pulumi.StringInput{}
		for _, name := range names {
			values[name] = pulumi.String("")
		}
		return values
	}
	for name, test := range map[string]struct {
		own, urls map[string]pulumi.StringInput
		secrets   map[string]secret
		want      string
	}{
		"none": {}, "well formed": {own: texts("A", "_b1")},
		"a name":     {own: texts("1A"), want: `args.Own["1A"]: name the variable by letters, digits and underscores, no digit first`},
		"a reserved": {urls: texts("PORT"), want: `args.URLs["PORT"] is set by Cloud Run itself: choose another name`},
		"no value":   {own: map[string]pulumi.StringInput{"A": nil}, want: `args.Own["A"] has no value: set one, or remove it`},
		"twice": {own: texts("A"), urls: texts("A"), secrets: map[string]secret{"A": {pulumi.String("s"), pulumi.String("1")}},
			want: `variable "A" is given 3 times, in Own and URLs and Secrets: keep one`},
		"an empty secret": {secrets: map[string]secret{"A": {}}, want: `args.Secrets["A"].Secret is missing: set the secret's id` + "\n" +
			`args.Secrets["A"].Version is missing: pin a version's number`},
		"the latest": {secrets: map[string]secret{"A": {pulumi.String("s"), pulumi.String("latest")}},
			want: `args.Secrets["A"].Version "latest": pin a version's number, for example "1", ` +
				`so that everybody who reads the template knows the value`},
		"a version that is not known yet": {secrets: map[string]secret{"A": {pulumi.String("s"), pulumi.String("x").ToStringOutput()}}},
	} {
		var found problems.List
		container.Variables{Field: "args", Reserved: func(name string) bool { return name == "PORT" },
			Plain:   map[string]map[string]pulumi.StringInput{"Own": test.own, "URLs": test.urls},
			Secrets: container.Secrets(test.secrets)}.Check(&found)
		if test.want == "" {
			assert.NoError(t, found.Err(), name)
			continue
		}
		assert.EqualError(t, found.Err(), test.want, name)
	}
}

func TestVPC(t *testing.T) {
	t.Parallel()
	for want, vpc := range map[string]container.VPC{
		"": {Network: "projects/net/global/networks/n", Subnetwork: "projects/net/regions/r1/subnetworks/s", Tags: []string{"a", "b"}},
		"args.VPC names no network: set Network or Subnetwork": {},
		`args.VPC.Network "N": use a network's name, or projects/PROJECT/global/networks/NAME` + "\n" +
			`args.VPC.Subnetwork "S": use a subnetwork's name, or projects/PROJECT/regions/REGION/subnetworks/NAME`: {Network: "N", Subnetwork: "S"},
		`args.VPC.Subnetwork "projects/p1/regions/r2/subnetworks/s" is in r2, and what uses it is in r1: name one of the network, in the same region`: {
			Subnetwork: "projects/p1/regions/r2/subnetworks/s"},
		`args.VPC.Tags[0] "A": use lower-case letters, digits and hyphens` + "\n" + `args.VPC.Tags[2] "a" is there twice: keep one`: {
			Network: "n", Tags: []string{"A", "a", "a"}},
	} {
		var found problems.List
		vpc.Check(pulumi.String("p1"), pulumi.String("r1"), &found)
		if want == "" {
			assert.NoError(t, found.Err())
			continue
		}
		assert.EqualError(t, found.Err(), want)
	}
	assert.Equal(t, pulumi.String("PRIVATE_RANGES_ONLY"), container.VPC{}.Egress())
	assert.Equal(t, pulumi.String("ALL_TRAFFIC"), container.VPC{AllTraffic: true}.Egress())
}
