package check

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tools are the programs that some tests run, each with its Debian package. gcloud has no such package; its tests say
// so.
var tools = []struct{ program, packaged string }{
	{"bash", "bash"}, {"git", "git"}, {"curl", "curl"}, {"jq", "jq"}, {"shellcheck", "shellcheck"}, {"chromium", "chromium"},
	{"node", "nodejs"}, {"npm", "npm"},
}

// missing lists the packages of the programs that have reports as absent.
func missing(have func(program string) bool) (packages []string) {
	for _, tool := range tools {
		if !have(tool.program) {
			packages = append(packages, tool.packaged)
		}
	}
	return packages
}

// programs are the programs of tools.
func programs() (names []string) {
	for _, tool := range tools {
		names = append(names, tool.program)
	}
	return names
}

// install installs the missing programs from Debian's packages. A failure is not an error, because each test that wants
// such a program says that it did not run.
func (c checker) install() error {
	packages := missing(func(program string) bool { _, err := exec.LookPath(program); return err == nil })
	if len(packages) == 0 {
		return nil
	}
	list := strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		fmt.Fprintf(c.out, "Not installed, and only root with apt-get can: %s. The tests that want them say so.\n", list)
		return nil
	}
	fmt.Fprintf(c.out, "Installing %s\n", list)
	for _, args := range [][]string{{"update"}, append([]string{"install", "--yes", "--no-install-recommends"}, packages...)} {
		command := exec.CommandContext(c.ctx, "apt-get", args...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if said, err := command.CombinedOutput(); err != nil {
			fmt.Fprintf(c.out, "%sCould not install %s: apt-get %s: %v. The tests that want them say so.\n", said, list, args[0], err)
			return nil
		}
	}
	return nil
}
