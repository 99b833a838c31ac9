package review

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
)

// Comment holds the parts of a pull request's one comment: the report, and the plans against the real cloud, if there are any. Jobs
// that ran the pull request's code made everything in it except the addresses, Commit and Plans.
type Comment struct {
	// Report is nil if the run left none.
	Report *Report
	// Commit is the pull request's head. Run is the address of the run that reviewed it, Page the address of the run's artifact with the
	// page (or empty), and Docs the address of the platform's documents.
	Commit, Run, Page, Docs string
	// Plans says where the plans against the real cloud are.
	Plans Plans
	// Previews are those plans, if Plans is Here.
	Previews []Preview
}

// Plans says where a pull request's plans against the real cloud are.
type Plans string

const (
	// Here means that they are in the comment, one for each stack.
	Here Plans = "here"
	// Fork means that there are no such plans: the run of a pull request from another repository gets no identity.
	Fork Plans = "fork"
	// Apart means that others show them.
	Apart Plans = "apart"
)

// Preview is the plan of one stack against the real cloud.
type Preview struct {
	// Stack is the name of the stack. Text is what `pulumi preview` printed.
	Stack, Text string
	// Gone lists what the plan deletes or replaces, a line each: OPERATION TYPE NAME.
	Gone string
}

// mostOfPreviews is the number of characters that are reserved for the plans against the real cloud. Fewer are reserved if the
// plans are shorter.
const mostOfPreviews = 26_000

// Markdown writes the comment. It is never longer than GitHub allows: lists are cut first, then the plans in the middle, each with a note
// of what is missing and where it is.
func (c Comment) Markdown() string {
	var out strings.Builder
	out.WriteString(Marker + "\n")
	for _, preview := range c.Previews {
		out.WriteString(preview.caution(c.Docs, max(1, mostGone/len(c.Previews))))
	}
	wanted := 0
	for _, preview := range c.Previews {
		wanted += width(preview.Text) + 500
	}
	room := mostCharacters - width(out.String())
	if c.Report == nil {
		fmt.Fprintf(&out, "## What this pull request would do\n\nThere is no review: [the run](%s) says why.\n\n", c.Run)
	} else {
		out.WriteString(c.Report.fitting(cmp.Or(c.Page, c.Run), room-min(wanted, mostOfPreviews)))
	}
	for i, preview := range c.Previews {
		rest := (mostCharacters - width(out.String())) / (len(c.Previews) - i)
		out.WriteString(preview.plan(c.Run, rest-500))
	}
	for _, stack := range c.unplanned() {
		fmt.Fprintf(&out, "%s %s was not planned against the real cloud: [the run](%s) says why.\n\n", bad,
			codeSpan(val(stack), false), c.Run)
	}
	if c.Plans == Fork {
		out.WriteString("There is no plan against the real cloud, because a fork's run gets no identity. A maintainer who has read the " +
			"change pushes it to a branch of this repository to see one.\n\n")
	}
	fmt.Fprintf(&out, "At commit %s.\n", codeSpan(val(c.Commit), false))
	return out.String()
}

// bad marks lines that a reader must not overlook.
const bad = "**Missing:**"

// unplanned returns the stacks of the report that lack a plan against the real cloud although the run had the rights to
// make one.
func (c Comment) unplanned() (names []string) {
	if c.Report == nil || c.Plans != Here {
		return nil
	}
	for _, stack := range c.Report.Stacks[:min(len(c.Report.Stacks), 10)] {
		if !slices.ContainsFunc(c.Previews, func(p Preview) bool { return p.Stack == stack.Name }) {
			names = append(names, stack.Name)
		}
	}
	return names
}

func width(text string) int { return len(utf16.Encode([]rune(text))) }

// plan shows the plan, folded, in a code block that its text cannot close. If the plan is too long, whole lines are left out in the
// middle, because the changes are at the top and the result is at the end.
func (p Preview) plan(run string, room int) string {
	lines := strings.Split(strings.TrimSuffix(p.Text, "\n"), "\n")
	whole := 0
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(oneline.Of(line), "~~~~~~~~", "~ ~ ~")
		whole += width(lines[i]) + 1
	}
	note := ""
	if whole > room {
		head := fitting(lines, room/2)
		rest := slices.Clone(lines[len(head):])
		slices.Reverse(rest)
		tail := fitting(rest, room/2)
		slices.Reverse(tail)
		out := len(lines) - len(head) - len(tail)
		note = fmt.Sprintf("%s in the middle left out; [the run](%s) has the whole text in its artifact and log.\n\n",
			some(out, "line is", "lines are"), run)
		lines = slices.Concat(head, []string{fmt.Sprintf("[%s left out]", some(out, "line", "lines"))}, tail)
	}
	return fmt.Sprintf("<details><summary>Plan of <code>%s</code> against the real cloud</summary>\n\n%s~~~~~~~~text\n%s\n~~~~~~~~\n\n"+
		"</details>\n\n", p.Stack, note, strings.Join(lines, "\n"))
}

// fitting returns the first lines that fit into room.
func fitting(lines []string, room int) []string {
	for i, line := range lines {
		if room -= width(line) + 1; room < 0 {
			return lines[:i]
		}
	}
	return lines
}

// lost lists the loss when a resource of a type is replaced or deleted. The percent sign stands for its name.
var lost = map[string]string{
	"gcp:artifactregistry/repository:Repository": "the registry %, **with every image in it**: no revision can start again, and no " +
		"rollback is possible, until a new image is built",
	"gcp:cloudrunv2/service:Service":     "the service %: its address, its revisions and the way back to them",
	"gcp:cloudrunv2/job:Job":             "the job %, with the records of its executions",
	"gcp:secretmanager/secret:Secret":    "the secret %, **with the value of every version**: save what you still need first",
	"gcp:serviceaccount/account:Account": "the account %: a new account of the same name lacks the grants that others gave it",
	"gcp:storage/bucket:Bucket":          "the bucket %, **with all data in it**: copy what you still need first",
	"gcp:sql/databaseInstance:DatabaseInstance": "the database server %, **with all data in it**: export it first; its name " +
		"is taken for a week",
	"gcp:sql/database:Database": "the database %, **with all data in it**: export it first",
	"gcp:kms/cryptoKey:CryptoKey": "the key %: its signatures cannot be verified any more, and prod starts " +
		"no image that it signed",
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool": "the identity pool %: no job logs in, and its id is taken for 30 days",
	"gcp:projects/iAMCustomRole:IAMCustomRole":          "the role %: its id is taken for 37 days",
}

// goneLine matches a line of [Preview.Gone]. Other lines are not shown.
var goneLine = regexp.MustCompile(`^(replace|delete) ([A-Za-z0-9/:.-]+) ([A-Za-z0-9._-]{1,100})$`)

// mostGone is how many resources the cautions of all stacks name together. They come first in the comment, so nothing else limits them.
const mostGone = 40

// caution lists the resources that the change deletes for good. From the text that the pull request's own code wrote, it uses only
// known types and plain names; all other words come from this package.
func (p Preview) caution(docs string, most int) string {
	var lines, operations []string
	for line := range strings.Lines(p.Gone) {
		found := goneLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil || lost[found[2]] == "" {
			continue
		}
		operations = append(operations, found[1]+" "+found[2])
		lines = append(lines, fmt.Sprintf("> * %s: %s\n", map[string]string{"replace": "replaced", "delete": "deleted"}[found[1]],
			strings.Replace(lost[found[2]], "%", "`"+found[3]+"`", 1)))
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	var out strings.Builder
	fmt.Fprintf(&out, "> [!CAUTION]\n> **This change deletes these for good in %s:**\n", p.Stack)
	out.WriteString(strings.Join(lines[:min(len(lines), most)], ""))
	if more := len(lines) - most; more > 0 {
		fmt.Fprintf(&out, "> * and %d more\n", more)
	}
	when := "after its approvals"
	if p.Stack == "dev" {
		when = "at once"
	}
	fmt.Fprintf(&out, ">\n> After the merge an owner runs `up` of %s from main, and first tells the people who are affected: no pipeline "+
		"replaces or deletes a service, a registry or an account. The rest goes with platform-infrastructure.yml, %s. How, and in "+
		"which order:", p.Stack, when)
	for _, page := range []struct{ file, title, when string }{
		{"region.md", "change a region or a name", `^replace .*(Service|:Repository)$`},
		{"remove-service.md", "remove or rename a service", `^delete .*(Service|Account)$`},
		{"secret.md", "secrets", `:Secret$`},
		{"README.md", "who does what", ``},
	} {
		if slices.ContainsFunc(operations, regexp.MustCompile(page.when).MatchString) {
			fmt.Fprintf(&out, " [%s](%s/howto/%s)", page.title, docs, page.file)
		}
	}
	return out.String() + "\n\n"
}
