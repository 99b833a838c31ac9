module github.com/guiofsaints/procureflow-platform/internal/tools

go 1.26.0

tool (
	github.com/guiofsaints/procureflow-platform/internal/tools/vet
	github.com/suzuki-shunsuke/ghalint/cmd/ghalint
)

require (
	golang.org/x/mod v0.41.0
	golang.org/x/tools v0.51.0
	honnef.co/go/tools v0.8.2
)

require (
	al.essio.dev/pkg/shellescape v1.5.1 // indirect
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/adrg/xdg v0.5.3 // indirect
	github.com/danieljoos/wincred v1.2.2 // indirect
	github.com/godbus/dbus/v5 v5.1.0 // indirect
	github.com/google/go-github/v73 v73.0.0 // indirect
	github.com/google/go-querystring v1.1.0 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/rogpeppe/go-internal v1.16.0 // indirect
	github.com/sirupsen/logrus v1.9.3 // indirect
	github.com/spf13/afero v1.14.0 // indirect
	github.com/suzuki-shunsuke/ghalint v1.5.3 // indirect
	github.com/suzuki-shunsuke/logrus-error v0.1.4 // indirect
	github.com/suzuki-shunsuke/urfave-cli-v3-util v0.0.7 // indirect
	github.com/urfave/cli/v3 v3.3.8 // indirect
	github.com/zalando/go-keyring v0.2.6 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/oauth2 v0.30.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.24.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
