package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// chain is a checkout with a sandbox that its workflows use.
type chain struct {
	*checkout
	// state is the sandbox's folder, and api the address of its APIs.
	state, api string
	services   map[string]string // the address of each service, by stack_service
	// dev is the registry that main pushes to. signer attests what is built.
	dev    *store
	signer *provenancetest.Signer
}

// firstUp is the folder of a sandbox in which the platform's own application came up in dev. Chains that begin there get a copy.
var firstUp struct {
	sync.Once
	folder string
}

// newChain returns a chain with the platform's own application up in dev.
func newChain(t *testing.T) *chain {
	t.Helper()
	c := prepareChain(newCheckout(t))
	firstUp.Do(func() {
		c.must("up", "dev", "--skip-preview")
		c.must("stop")
		folder := filepath.Join(tools, "dev")
		copyState(t, folder, c.state)
		firstUp.folder = folder
	})
	if firstUp.folder == "" {
		t.Fatal("dev did not come up in the chain that began first")
	}
	copyState(t, c.state, firstUp.folder)
	dir, err := statedir.Open(c.state)
	if err == nil {
		_, err = server.Ensure(t.Context(), dir, "", []string{filepath.Join(tools, "sandbox"), "cloud", "--state", c.state})
	}
	if err != nil {
		t.Fatal(err)
	}
	c.come()
	return c
}

// copyState copies a sandbox's folder with the modes of its keys, and without the programs, which are linked already.
func copyState(t *testing.T, to, from string) {
	t.Helper()
	err := os.RemoveAll(filepath.Join(from, "bin"))
	if err == nil {
		err = os.RemoveAll(to)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy the sandbox's folder: %v\n%s", err, out)
	}
}

// newChainOf brings stacks up in their own sandbox.
func newChainOf(of *checkout, stacks ...string) *chain {
	of.t.Helper()
	c := prepareChain(of)
	for _, stack := range stacks {
		c.must("up", stack, "--skip-preview")
	}
	c.come()
	return c
}

// prepareChain returns a chain whose sandbox is empty.
func prepareChain(of *checkout) *chain {
	t := of.t
	t.Helper()
	c := &chain{checkout: of, state: filepath.Join(t.TempDir(), "state"), dev: newStore(t, of.of)}
	var err error
	if c.signer, err = provenancetest.NewSigner(); err != nil {
		t.Fatal(err)
	}
	trusted, err := c.signer.TrustedRootJSON()
	if err != nil {
		t.Fatal(err)
	}
	c.answer("trusted-root", string(trusted))
	t.Cleanup(func() { _, _ = c.sandbox("stop") })
	return c
}

// come tells the stand-ins the addresses of the sandbox's APIs and services.
func (c *chain) come() {
	t := c.t
	t.Helper()
	var status struct {
		API       string `json:"api"`
		DataPlane string `json:"dataPlane"`
		Services  []struct{ Name, Address string }
	}
	if err := json.Unmarshal([]byte(c.must("status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	c.api = status.API
	c.services = map[string]string{}
	for _, service := range status.Services {
		parts := strings.Split(service.Name, "/")
		stack, key := strings.TrimPrefix(parts[1], c.of.name+"-"), strings.TrimPrefix(parts[len(parts)-1], c.of.name+"-")
		c.services[stack+"_"+key] = strings.TrimSuffix(service.Address, "/")
	}
	c.env = append(c.env, c.here()...)
	c.env = append(c.env, "CHAIN_STATE="+c.state, "CHAIN_TOKEN="+c.tokenFile(), "CHAIN_API="+status.API, "CHAIN_DATA="+status.DataPlane)
}

// sandbox runs a command of the sandbox.
func (c *chain) sandbox(args ...string) (string, error) {
	command := exec.Command(filepath.Join(tools, "sandbox"), append([]string{"--state", c.state, "--dir", filepath.Join(c.folder,
		c.settings)}, args...)...)
	command.Dir = filepath.Join(c.folder, c.settings)
	if c.of == platformsOwn {
		command.Dir = root // the module of the program
	}
	command.Env = append(os.Environ(), "PULUMI_COMMAND="+pulumi, "CHAIN_PATH="+os.Getenv("PATH"),
		"CHAIN_GOFLAGS="+os.Getenv("GOFLAGS"), "CHAIN_TOOLS="+tools, "PATH="+compiledPath())
	out, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out = append(out, exit.Stderr...)
	}
	return string(out), err
}

// compiledPath returns a PATH that begins with a go which links no program twice.
func compiledPath() string {
	return filepath.Join(root, "tests", "chains", "testdata", "compiled") + string(os.PathListSeparator) + os.Getenv("PATH")
}

func (c *chain) must(args ...string) string {
	c.t.Helper()
	out, err := c.sandbox(args...)
	if err != nil {
		c.t.Fatalf("sandbox %v: %v\n%s", args, err, out)
	}
	return out
}

// here returns the variables by which the stand-ins find the registries and services that the settings name.
func (c *chain) here() []string {
	env := []string{"CHAIN_REGISTRY_DEV=" + c.dev.host()}
	for service, url := range c.services {
		stack, _, _ := strings.Cut(service, "_")
		if stack != "dev" {
			env = append(env, "CHAIN_REGISTRY_"+strings.ToUpper(stack)+"="+c.dev.host())
		}
		env = append(env, "CHAIN_URL_"+strings.ToUpper(service)+"="+url)
	}
	return env
}

// built makes an image that main built and attested.
func (c *chain) built() (digest string) {
	c.t.Helper()
	return c.builtOf(newImage(c.t))
}

func (c *chain) builtOf(image v1.Image) (digest string) {
	c.t.Helper()
	return c.builtAs("web", image)
}

func (c *chain) builtAs(name string, image v1.Image) (digest string) {
	c.t.Helper()
	digest = c.dev.image(name).push(image)
	c.dev.image(name).attest(c.signer, image, c.ref())
	c.attested(digest, c.ref())
	return digest
}

// attested returns what GitHub itself keeps of an attestation.
func (c *chain) attested(digest, ref string) {
	c.t.Helper()
	bundle, err := c.signer.Attest(provenancetest.GitHub(digest, c.dev.build(ref)))
	if err == nil {
		err = os.MkdirAll(filepath.Join(c.kept, "attestations"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(c.kept, "attestations", digest), append(bundle, '\n'), 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// tokenFile returns the file with the token that the emulated APIs require.
func (c *chain) tokenFile() string { return filepath.Join(c.state, "keys", "token") }

// ask sends a request to the emulated APIs as their owner.
func (c *chain) ask(request *http.Request) *http.Response {
	c.t.Helper()
	token, err := os.ReadFile(c.tokenFile())
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return response
}

// get reads a resource of the API.
func (c *chain) get(path string, into any) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.api+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	response := c.ask(request)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %s, %v\n%s", path, response.Status, err, body)
	}
}

// path returns the API's path of a service.
func (c *chain) path(stack, service string) string {
	return "/run/v2/projects/" + c.of.name + "-" + stack + "/locations/" + c.of.region + "/services/" + c.of.name + "-" + service
}

// traffic describes the split of the service web: each revision's image and percent.
func (c *chain) traffic(stack string) string { return c.trafficOf(stack, "web") }

func (c *chain) trafficOf(stack, key string) string {
	c.t.Helper()
	path := c.path(stack, key)
	var service struct {
		TrafficStatuses []struct {
			Revision string
			Percent  int
		}
	}
	c.get(path, &service)
	var words []string
	for _, split := range service.TrafficStatuses {
		if split.Percent == 0 {
			continue
		}
		var revision struct{ Containers []struct{ Image string } }
		c.get(path+"/revisions/"+split.Revision, &revision)
		_, digest, _ := strings.Cut(revision.Containers[0].Image, "@")
		words = append(words, fmt.Sprintf("%d%% %s", split.Percent, digest))
	}
	return strings.Join(words, ", ")
}

// serves fails unless one digest has all requests.
func (c *chain) serves(stack, digest string, r run) {
	c.t.Helper()
	c.servesIn(stack, "web", digest, r)
}

func (c *chain) servesIn(stack, service, digest string, r run) {
	c.t.Helper()
	if got, want := c.trafficOf(stack, service), "100% "+digest; got != want {
		c.t.Errorf("%s of %s serves %s, want %s\n%v", service, stack, got, want, r)
	}
}
