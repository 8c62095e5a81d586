package lifeline120_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scripts/need, as root on a Debian where nothing is installed: services are held while packages come in, and what decided that before
// decides it again, also when the packages cannot be had.
func TestNeedHoldsServicesAndPutsBackWhatItFound(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	for _, c := range []struct {
		name, before, fail string
		postgres           bool
	}{{name: "nothing before"}, {name: "a policy before", before: "#!/bin/sh\nexit 0\n"}, {name: "apt fails", before: "#!/bin/sh\nexit 0\n", fail: "exit 100\n"}, {name: "a server is there", postgres: true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			policy, servers := filepath.Join(dir, "policy-rc.d"), filepath.Join(dir, "pg")
			for name, text := range map[string]string{
				"id":         "echo 0\n",
				"dpkg-query": "exit 1\n",
				"apt-get":    `echo "$@" >>"$CALLS"; "$POLICY_RC_D" && exit 1; echo "held $?" >>"$CALLS"` + "\n" + c.fail,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if c.before != "" {
				if err := os.WriteFile(policy, []byte(c.before), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if c.postgres {
				if err := os.WriteFile(servers, nil, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(bash, "scripts/need", "debian")
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "POLICY_RC_D=" + policy, "POSTGRES_PROGRAMS=" + servers, "CALLS=" + filepath.Join(dir, "calls")}
			out, err := cmd.CombinedOutput()
			if (err != nil) != (c.fail != "") {
				t.Fatalf("%v: %s", err, out)
			}
			calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
			if !strings.Contains(string(calls), "held 101") {
				t.Errorf("services were not held:\n%s", calls)
			}
			if got := strings.Contains(string(calls), "postgresql"); c.fail == "" && got == c.postgres || strings.Contains(string(calls), "postgresql-1") {
				t.Errorf("asked for:\n%s", calls)
			}
			after, err := os.ReadFile(policy)
			if c.before == "" && !os.IsNotExist(err) || string(after) != c.before {
				t.Errorf("left behind: %q, %v", after, err)
			}
			if left, _ := filepath.Glob(policy + ".*"); len(left) > 0 {
				t.Error("left behind:", left)
			}
		})
	}
}
