package architecture_test

// layer says what the packages that match a pattern may import, and why not more. A pattern is a path inside the repository; /** at
// the end matches the folder and everything below it. The first layer that matches a package applies, so narrow patterns come first.
// The standard library and other modules are allowed unless a ban below forbids them.
type layer struct {
	packages string
	may      []string
	// mayInTests are further packages that files ending in _test.go may import.
	mayInTests []string
	reason     string
}

// everyInTest may be imported by the tests of every package of the main module.
var everyInTest = []string{"internal/golden", "internal/keyspage", "internal/pulumitest", "internal/webpage/webpagetest"}

// everywhere may be imported by every package of the main module, the pure ones included.
var everywhere = []string{"internal/loopback", "internal/oneline", "internal/plural"}

// everyAPI are the packages that an emulated API of Google's is made of.
var everyAPI = []string{"emulator/rest", "emulator/rest/schema", "emulator/doc", "emulator/store"}

var layers = []layer{
	{
		packages: "internal/naming",
		reason:   "every package uses naming, so every package would import what naming imports",
	},
	{
		packages: "internal/limits",
		reason:   "the facts of Google Cloud and GitHub depend on no package of ours",
	},
	{
		packages: "internal/problems",
		reason:   "it collects mistakes of every kind, and knows none of the packages that make them",
	},
	{
		packages: "internal/nextpage",
		reason:   "it reads one header, whoever sent it",
	},
	{
		packages: "internal/oneline",
		reason:   "it knows characters, and needs no other package for that",
	},
	{
		packages: "internal/plural",
		reason:   "it writes a number with its noun, and needs no other package for that",
	},
	{
		packages: "internal/loopback",
		reason:   "servers and clients of every kind ask it who may see a secret, so it knows none of them",
	},
	{
		packages: "internal/cron",
		reason:   "a schedule means the same wherever it is read",
	},
	{
		packages: "internal/container",
		may:      []string{"internal/limits", "internal/problems"},
		reason:   "services and jobs use it, so it must not know them",
	},
	{
		packages: "internal/golden",
		reason:   "it compares texts, and need not know what they say",
	},
	{
		packages: "internal/keyspage",
		reason:   "it reads structs as text, so that it knows no settings",
	},
	{
		packages: "internal/pulumiopt",
		reason:   "every component imports it, so every component would import what it imports",
	},
	{
		packages: "internal/pulumitest",
		reason:   "if it knew a component, it would have to change with the component",
	},
	{
		packages: "internal/webpage/**",
		may:      []string{"internal/webpage"},
		reason:   "it has the style of all pages, so it knows neither releases nor the sandbox",
	},
	{
		packages: "internal/mutation",
		may:      []string{"internal/cli"},
		reason:   "it reads packages as text and runs their tests",
	},
	{
		packages: "internal/check",
		may:      []string{"internal/check/parallel", "sandbox/pulumicli", "scaffold", "internal/cli"},
		reason: "the policy pack's tests, in a module of their own, need the pinned CLI; an application's settings are held to what " +
			"init writes",
	},
	{
		packages: "internal/bench",
		may:      []string{"internal/cli"},
		reason:   "it measures commands as users start them, as processes",
	},
	{
		packages: "internal/**",
		reason:   "several packages import it, so it must not import them",
	},
	{
		packages: "components/*",
		may:      []string{"internal/limits", "internal/naming", "internal/problems", "internal/container", "internal/pulumiopt"},
		reason:   "others use a component without this program: it takes outputs, and no components, settings or program",
	},
	{
		packages: "stacks",
		may:      []string{"internal/cron", "internal/limits", "internal/naming"},
		reason:   "tools that make nothing read settings too, so this package must not need what makes resources",
	},
	{
		packages: "stacks/adopter",
		reason:   "platform.yaml is read first, so its reader must not need the packages that read the rest",
	},
	{
		packages: "infra/program",
		may:      []string{"stacks", "stacks/adopter", "components/*", "internal/limits", "internal/naming", "internal/pulumiopt"},
		// The rights of its accounts are computed from the resources that it registers.
		mayInTests: []string{"firstrun/permissions", "sandbox/authority", "sandbox/inventory"},
		reason:     "the program has one mode: it must not be able to know the sandbox or a release",
	},
	{
		packages: "infra",
		may:      []string{"infra/program"},
		reason:   "this main only starts the program",
	},
	{
		packages: "policy/**",
		may:      []string{"policy/**"},
		reason:   "rules that shared code with the components would share their mistakes, and only this folder is published",
	},
	{
		packages: "release/plan",
		reason:   "it is pure: it decides a plan from values, so that tables can test all of it",
	},
	{
		packages: "release/health",
		reason:   "it is pure: it judges health from values, so that tables can test all of it",
	},
	{
		packages: "release/hooks",
		may:      []string{"internal/problems"},
		reason:   "it is pure: it chooses an execution from values, so that tables can test all of it",
	},
	{
		packages: "release/windows",
		may:      []string{"internal/problems"},
		reason:   "it is pure: it decides from a time whether a release may start, so that tables can test all of it",
	},
	{
		packages: "release/notify",
		may:      []string{"internal/problems", "internal/wait"},
		reason:   "it tells people and decides nothing: of a release it knows only the message",
	},
	{
		packages:   "release/rollout",
		may:        []string{"release/plan", "release/health", "release/hooks", "release/windows", "internal/problems"},
		mayInTests: []string{"emulator/**", "sandbox/**", "release/gcp"}, // the simulation also runs through the adapter
		reason:     "orchestration defines the ports it needs: importing an adapter would tie it to one cloud",
	},
	{
		packages:   "release/registry/**",
		may:        []string{"release/plan", "release/health", "release/rollout", "release/registry/**", "internal/nextpage", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "an adapter implements ports and knows no other adapter",
	},
	{
		packages:   "release/command",
		may:        []string{"release/**", "stacks", "stacks/adopter", "internal/naming", "internal/cli", "internal/webpage"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "the command line is where orchestration meets its adapters; it knows neither the program nor the sandbox",
	},
	{
		packages: "release/images",
		may:      []string{"release/attest", "release/command", "release/registry/**", "internal/cli"},
		reason:   "it is the part of the command line that knows registries and signatures",
	},
	{
		packages: "release/attest",
		may:      []string{"release/gcp"},
		reason:   "it signs the image that it is given: the command has verified the provenance before, by the registry's code",
	},
	{
		packages: "release/approvals",
		may:      []string{"internal/nextpage", "internal/wait"},
		reason:   "it decides from GitHub's answers alone, before the job has a credential of a cloud",
	},
	{
		packages: "release/report",
		may:      []string{"release/plan", "release/health", "release/rollout", "internal/webpage"},
		reason:   "it makes pages from the journal's values: it reads no file and makes no request",
	},
	{
		packages: "release/preview",
		may:      []string{"release/rollout"},
		reason:   "it decides from values which pull request gets which slot, and defines the port that it needs",
	},
	{
		packages: "release/probe",
		may:      []string{"release/health", "release/rollout"},
		reason:   "it makes requests like a visitor, without a client of a cloud",
	},
	{
		packages: "release/watch",
		may:      []string{"release/plan", "release/health", "release/rollout", "release/report", "internal/webpage"},
		reason:   "it works out the state of a release from values: it reads neither the service nor the journal itself",
	},
	{
		packages:   "release/backtest",
		may:        []string{"release/plan", "release/health", "release/rollout"},
		mayInTests: []string{"release/settings"},
		reason:     "it tries policies on values and a virtual clock, so it needs no adapter",
	},
	{
		packages: "release/gcp",
		may: []string{"release/plan", "release/health", "release/hooks", "release/rollout", "release/preview", "release/probe",
			"internal/naming", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "an adapter implements ports and knows no other adapter; it makes the tokens of probes, and marks slots as the program does",
	},
	{
		packages: "release/*",
		may: []string{"release/plan", "release/health", "release/hooks", "release/windows", "release/notify", "release/rollout",
			"internal/problems", "internal/wait"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "a package next to the orchestration knows its ports and no adapter",
	},
	{
		packages: "firstrun/permissions",
		reason:   "its tables of roles are facts that tests compare the program with, so they must not come from the program",
	},
	{
		packages: "firstrun/preflight",
		may:      []string{"firstrun/permissions", "stacks"},
		reason:   "a check before the first run must not be able to start it",
	},
	{
		packages:   "firstrun/adopt",
		mayInTests: []string{"emulator/**"},
		reason:     "it finds existing resources through the APIs, of the real cloud and of the emulated one",
	},
	{
		packages:   "firstrun/command",
		may:        []string{"firstrun/*", "stacks", "internal/cli"},
		mayInTests: []string{"emulator/**"},
		reason:     "it reads settings, a plan and a cloud, and can change none of them",
	},
	{
		packages: "cmd/firstrun",
		may:      []string{"firstrun/command", "internal/cli"},
		reason:   "this main only starts the command",
	},
	{
		packages: "emulator/doc",
		reason:   "every API uses it to read and change documents, so it must know no API",
	},
	{
		packages: "emulator/ids",
		reason:   "its ids depend only on the source of random numbers",
	},
	{
		packages: "emulator/disturb",
		reason:   "the faults and the APIs that they strike meet here, and know nothing of each other",
	},
	{
		packages: "emulator/metrics",
		reason:   "the data plane counts with it and Cloud Monitoring reads it: it knows neither",
	},
	{
		packages: "emulator/store",
		reason:   "it stores documents, and does not know what they say",
	},
	{
		packages: "emulator/rest/schema",
		reason:   "the messages of the APIs are data",
	},
	{
		packages:   "emulator/rest",
		may:        []string{"emulator/rest/schema", "emulator/doc", "emulator/ids", "emulator/disturb", "emulator/store"},
		mayInTests: []string{"emulator/**"},
		reason:     "what Google's APIs have in common knows none of them: an API gives it kinds with hooks",
	},
	{
		packages:   "emulator/google/*/*",
		may:        []string{"emulator/doc"},
		mayInTests: []string{"emulator/rest/schema"},
		reason:     "translations and verdicts are functions of documents, so that tables can test them",
	},
	{
		packages:   "emulator/google/run",
		may:        append([]string{"emulator/google/run/knative", "emulator/disturb"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "Cloud Run gets functions for its questions to other APIs, so that each API can be read alone",
	},
	{
		packages:   "emulator/google/binaryauthorization",
		may:        append([]string{"emulator/google/binaryauthorization/admission"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "it gets functions for the notes of attestors, so that each API can be read alone",
	},
	{
		packages:   "emulator/google/monitoring",
		may:        append([]string{"emulator/metrics"}, everyAPI...),
		mayInTests: []string{"emulator/**"},
		reason:     "it reads the counts, and need not know who counts",
	},
	{
		packages:   "emulator/google/*",
		may:        everyAPI,
		mayInTests: []string{"emulator/**"},
		reason:     "an API imports no other API: emulator/cloud passes it a function for each question, so that each can be read alone",
	},
	{
		packages:   "emulator/github",
		may:        []string{"emulator/doc", "emulator/ids", "emulator/store"},
		mayInTests: []string{"emulator/**"},
		reason:     "GitHub's API shares nothing with Google's",
	},
	{
		packages: "emulator/command",
		may:      []string{"emulator/**", "internal/cli"},
		reason:   "of this platform it needs only the form of command lines",
	},
	{
		packages: "emulator/**",
		may:      []string{"emulator/**", "internal/wait"},
		reason:   "the emulated APIs judge the program and its components: they share none of their code and know no platform",
	},
	{
		packages: "sandbox/command",
		may: []string{"emulator/**", "sandbox/**", "stacks", "internal/naming", "internal/cli", "internal/wait", "firstrun/adopt",
			"release/command"},
		reason: "the command line runs the adoption and the demonstration's releases against the emulated cloud",
	},
	{
		packages: "sandbox/authority",
		may:      []string{"firstrun/permissions", "sandbox/**", "stacks"},
		reason:   "its tables of roles and permissions are facts that tests compare the program with, so they must not come from the program",
	},
	{
		packages: "sandbox/rehearse",
		may: []string{"emulator/**", "sandbox/**", "stacks", "internal/naming", "release/rollout", "release/plan", "release/gcp",
			"release/probe", "release/settings"},
		reason: "in a rehearsal the controller itself decides about a release, by the stack's own policy",
	},
	{
		packages: "sandbox/review/command",
		may:      []string{"sandbox/review", "internal/cli"},
		reason:   "it runs in the job that may write a comment, so it has to be small",
	},
	{
		packages: "sandbox/review",
		may:      []string{"sandbox/cost"},
		reason:   "the job that may write a comment compiles this and little else",
	},
	{
		packages: "sandbox/golang",
		may:      []string{"internal/cli"},
		reason:   "the language host knows no program and no cloud",
	},
	{
		packages: "sandbox/console",
		may:      []string{"emulator/**", "sandbox/statedir", "internal/webpage"},
		reason:   "the page shows the emulated cloud and the state folder: it runs no engine and no release",
	},
	{
		packages: "sandbox/**",
		may: []string{"emulator/**", "sandbox/**", "stacks", "stacks/adopter", "internal/cron", "internal/naming", "internal/webpage",
			"internal/wait"},
		reason: "the emulated cloud judges the program and the components, so it must not share their code",
	},
	{
		packages: "cmd/sandbox",
		may:      []string{"emulator/**", "sandbox/**", "infra/program", "internal/cli"},
		reason:   "this is the only place where the program meets the emulated cloud",
	},
	{
		packages: "cmd/review-comment",
		may:      []string{"sandbox/review/command", "internal/cli"},
		reason:   "a main only starts its package",
	},
	{
		packages: "cmd/emulator",
		may:      []string{"emulator/command", "emulator/conditions", "internal/cli"},
		reason:   "the emulated APIs stand alone: a stranger's client needs nothing of this platform",
	},
	{
		packages:   "cmd/release",
		may:        []string{"release/**", "stacks", "stacks/adopter", "internal/naming", "internal/cli", "internal/webpage"},
		mayInTests: []string{"emulator/**", "sandbox/**"},
		reason:     "a rollback needs neither the program nor its state",
	},
	{
		packages: "examples/*",
		may:      []string{"components/*"},
		reason:   "they are written like programs of somebody else's repository",
	},
	{
		packages: "cmd/mutate",
		may:      []string{"internal/mutation", "internal/cli"},
		reason:   "a main only starts its package",
	},
	{
		packages: "cmd/bench",
		may:      []string{"internal/bench", "internal/cli"},
		reason:   "a main only starts its package",
	},
	{
		packages: "cmd/check",
		may:      []string{"internal/check", "internal/cli"},
		reason:   "a main only starts its package",
	},
	{
		packages: "scaffold",
		may: []string{"", "stacks", "stacks/adopter", "release/settings", "internal/naming", "internal/cli",
			"internal/limits", "internal/problems"},
		reason: "it checks and writes an application's files, which needs no cloud, engine or sandbox",
	},
	{
		packages: "cmd/init",
		may:      []string{"scaffold", "internal/cli"},
		reason:   "it writes files and starts nothing",
	},
	{
		packages: "",
		reason:   "it holds files that cmd/init writes",
	},
	{
		packages: "cmd/pulumi-language-go",
		may:      []string{"sandbox/golang", "internal/cli"},
		reason:   "a main only starts its package",
	},
	{
		packages: "cmd/**",
		reason:   "a main imports only what its row here names: add a row with what it needs",
	},
	{
		packages: "tests/**",
		may:      []string{"**"},
		reason:   "tests in this folder concern several packages",
	},
}

// ban forbids packages to import other modules. A prefix of "" means every module but the standard library.
type ban struct {
	packages string
	except   []string
	prefixes []string
	// tests says that the ban holds for tests as well.
	tests  bool
	reason string
}

const pulumiModules = "github.com/pulumi/"

var bans = []ban{
	{
		packages: "release/plan", prefixes: []string{""},
		reason: "pure decisions need the standard library only",
	},
	{
		packages: "release/health", prefixes: []string{""},
		reason: "pure decisions need the standard library only",
	},
	{
		packages: "internal/naming", prefixes: []string{""},
		reason: "naming is pure text",
	},
	{
		packages: "internal/limits", prefixes: []string{""},
		reason: "numbers and forms need the standard library only",
	},
	{
		packages: "release/probe", prefixes: []string{""},
		reason: "it is concurrent: its tests have the race detector, for which all that it imports is compiled once more",
	},
	{
		packages: "release/watch", prefixes: []string{""},
		reason: "it is concurrent: its tests have the race detector, for which all that it imports is compiled once more",
	},
	{
		packages: "release/registry", prefixes: []string{"github.com/sigstore"}, tests: true,
		reason: "it is concurrent, as release/probe is, and what Sigstore's client takes to compile is for package provenance alone",
	},
	{
		packages: "release/**", except: []string{"release/gcp", "release/attest", "release/registry/**"},
		prefixes: []string{"google.golang.org/api", "cloud.google.com/go", "github.com/google/go-containerregistry", "github.com/sigstore"},
		reason:   "only adapters import a client of a cloud or a registry",
	},
	{
		packages: "release/**", prefixes: []string{pulumiModules},
		reason: "a rollback must not need Pulumi: not its state, not its lock, not its plugins",
	},
	{
		packages: "cmd/release", prefixes: []string{pulumiModules},
		reason: "a rollback must not need Pulumi: not its state, not its lock, not its plugins",
	},
	{
		packages: "policy/**", prefixes: []string{"github.com/pulumi/pulumi-gcp", "github.com/pulumi/pulumi-github"}, tests: true,
		reason: "rules judge the properties that the engine sends, and not the types of an SDK",
	},
	{
		packages: "components/*", prefixes: []string{"google.golang.org/api", "cloud.google.com/go"},
		reason: "a component only declares resources: code that calls an API would call it in previews too",
	},
	{
		packages: "infra/**", prefixes: []string{"google.golang.org/api", "cloud.google.com/go"},
		reason: "the program only declares resources: code that calls an API would call it in previews too",
	},
}
