// The peer: rules of the same number and kind as the Go pack's, written as users of @pulumi/policy write them. It does not
// import @pulumi/gcp, which would cost it seconds at start, and it is compiled ahead, which it need not be.
import {PolicyPack, ResourceValidationPolicy, StackValidationPolicy} from "@pulumi/policy";

type Check = (props: any, report: (message: string) => void) => void;

const serviceV1 = "gcp:cloudrun/service:Service";
const serviceV2 = "gcp:cloudrunv2/service:Service";
const services = [serviceV1, serviceV2];
const run = [...services, "gcp:cloudrunv2/job:Job", "gcp:cloudrunv2/workerPool:WorkerPool"];
const secret = "gcp:secretmanager/secret:Secret";
const github = "github:index/";
const iam = ["gcp:projects/iAMMember:IAMMember", "gcp:serviceaccount/iAMMember:IAMMember", "gcp:secretmanager/secretIamMember:SecretIamMember",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"];
const wide = [iam[0]];

function rule(name: string, types: string[], check: Check): ResourceValidationPolicy {
    return {
        name, description: name, enforcementLevel: "mandatory",
        validateResource: (args, report) => {
            if (types.includes(args.type)) {
                check(args.props, report);
            }
        },
    };
}

const containers = (props: any): any[] => props.template?.containers ?? props.template?.spec?.containers ?? [];
const each = (check: (container: any, report: (message: string) => void) => void): Check =>
    (props, report) => containers(props).forEach(container => check(container, report));
const must = (ok: (props: any) => boolean, message: string): Check => (props, report) => {
    if (!ok(props)) {
        report(message);
    }
};
const role = (pattern: RegExp): Check => must(props => !pattern.test(props.role ?? ""), "role");
const member = (pattern: RegExp): Check => must(props => !pattern.test(props.member ?? ""), "member");
const mebibytes = (text: string): number => parseFloat(text) * (text.endsWith("Gi") ? 1024 : 1);

const rules: ResourceValidationPolicy[] = [
    rule("cloud-run-max-instances", services, (props, report) => {
        const cap = props.template?.metadata?.annotations?.["autoscaling.knative.dev/maxScale"] ?? props.template?.scaling?.maxInstanceCount;
        if (cap === undefined || parseInt(cap) > 5) {
            report("Max instances exceeds 5 (cost cap)");
        }
    }),
    rule("secret-manager-auto-replication", [secret], must(props => !!props.replication?.auto, "Secrets must use automatic replication")),
    rule("cloud-run-non-root-user", run, each((container, report) => container.image?.includes("procureflow") || report("Containers must run as non-root"))),
    rule("min-instances", services, must(props => (props.template?.scaling?.minInstanceCount ?? 0) <= 1, "min")),
    rule("cpu-idle", services, each((container, report) => container.resources?.cpuIdle || report("idle"))),
    rule("limits-cpu", run, each((container, report) => parseFloat(container.resources?.limits?.cpu ?? "8") <= 2 || report("cpu"))),
    rule("limits-memory", run, each((container, report) => mebibytes(container.resources?.limits?.memory ?? "32Gi") <= 2048 || report("memory"))),
    rule("timeout", services, must(props => parseInt(props.template?.timeout ?? "300s") <= 900, "timeout")),
    rule("concurrency", services, must(props => (props.template?.maxInstanceRequestConcurrency ?? 80) <= 250, "concurrency")),
    rule("job-tasks", [run[2]], must(props => (props.template?.taskCount ?? 1) <= 10, "tasks")),
    rule("job-retries", [run[2]], must(props => (props.template?.template?.maxRetries ?? 3) <= 3, "retries")),
    rule("ingress", services, must(props => /INTERNAL/.test(props.ingress ?? ""), "ingress")),
    rule("no-public-invoker", services, must(props => !props.invokerIamDisabled, "public")),
    rule("no-public-member", iam, member(/^all(Authenticated)?Users$/i)),
    rule("dedicated-account", run, must(props => !/-compute@/.test(props.template?.serviceAccount ?? "-compute@"), "account")),
    rule("no-plaintext-secrets", run, each((container, report) => (container.envs ?? []).forEach((env: any) => {
        if (/(secret|token|passw|api_?key|credential|mongodb_uri)/i.test(env.name) && !env.valueSource) {
            report("plaintext secret");
        }
    }))),
    rule("no-keys-in-values", run, each((container, report) => (container.envs ?? []).forEach((env: any) => {
        if (/-----BEGIN|AKIA|ghp_|sk-[A-Za-z0-9]{20}|:\/\/[^/\s:@]*:[^/\s:@]+@/.test(env.value ?? "")) {
            report("key in a value");
        }
    }))),
    rule("startup-probe", services, each((container, report) => container.startupProbe || report("probe"))),
    rule("liveness-probe", services, each((container, report) => container.livenessProbe || report("probe"))),
    rule("deletion-protection", run, must(props => props.deletionProtection !== false, "protection")),
    rule("image-pinned", run, each((container, report) => /@sha256:[0-9a-f]{64}$/.test(container.image ?? "") || report("pin"))),
    rule("image-registry", run, each((container, report) => container.image?.startsWith("us-central1-docker.pkg.dev/procureflow-") || report("registry"))),
    rule("binauthz", run, must(props => !!props.binaryAuthorization, "binauthz")),
    rule("binauthz-default-deny", ["gcp:binaryauthorization/policy:Policy"], must(props => props.defaultAdmissionRule?.evaluationMode !== "ALWAYS_ALLOW", "deny")),
    rule("labels", [...run, secret], must(props => ["environment", "app", "managed-by"].every(label => props.labels?.[label]), "labels")),
    rule("regions", [...run, "gcp:artifactregistry/repository:Repository"], must(props => props.location === "us-central1", "region")),
    rule("no-keys", ["gcp:serviceaccount/key:Key"], (_, report) => report("key")),
    rule("no-basic-roles", iam, role(/^roles\/(owner|editor|viewer)$/i)),
    rule("no-admin", wide, role(/admin/i)),
    rule("no-project-impersonation", wide, role(/serviceAccount(User|TokenCreator)/i)),
    rule("no-default-account", iam, member(/-compute@|@appspot/)),
    rule("no-direct-user", iam, member(/^user:/i)),
    rule("secret-scoped-access", wide, role(/secretAccessor/i)),
    rule("wif-condition", ["gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"], must(props => !!props.attributeCondition, "condition")),
    rule("wif-pinned", ["gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"], must(props => /repository_id ==/.test(props.attributeCondition ?? ""), "pin")),
    rule("wif-narrow", iam, member(/workloadIdentityPools\/[^/]+\/\*/)),
    rule("ar-immutable", ["gcp:artifactregistry/repository:Repository"], must(props => !!props.dockerConfig?.immutableTags, "immutable")),
    rule("ar-cleanup", ["gcp:artifactregistry/repository:Repository"], must(props => (props.cleanupPolicies ?? []).length > 1, "clean-up")),
    rule("bucket", ["gcp:storage/bucket:Bucket"], must(props => props.publicAccessPrevention === "enforced", "bucket")),
    rule("sql", ["gcp:sql/databaseInstance:DatabaseInstance"], must(props => props.settings?.ipConfiguration?.ipv4Enabled === false, "sql")),
    rule("gh-env", [github + "repositoryEnvironment:RepositoryEnvironment"], must(props => !!props.preventSelfReview, "review")),
    rule("gh-branch", [github + "repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"], must(props => props.branchPattern === "main", "main")),
    rule("gh-variable", [github + "actionsEnvironmentVariable:ActionsEnvironmentVariable"], must(props => !/(secret|token|passw)/i.test(props.variableName), "variable")),
    rule("gh-actions", [github + "actionsRepositoryPermissions:ActionsRepositoryPermissions"], must(props => props.allowedActions === "selected", "actions")),
];

const stackRule = (name: string, types: string[], needs: string): StackValidationPolicy => ({
    name, description: name, enforcementLevel: "mandatory",
    validateStack: (args, report) => {
        const found = args.resources.filter(resource => types.includes(resource.type));
        if (found.length > 0 && !args.resources.some(resource => resource.type === needs)) {
            report(`${name} needs ${needs}`);
        }
    },
});

new PolicyPack("peer", {
    policies: [
        ...rules,
        stackRule("budget-exists", run, "gcp:billing/budget:Budget"),
        stackRule("uptime-exists", services, "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"),
        stackRule("two-person", [github + "repositoryEnvironment:RepositoryEnvironment"], github + "repositoryEnvironment:RepositoryEnvironment"),
        {
            name: "traffic-owner", description: "traffic-owner", enforcementLevel: "mandatory",
            validateStack: (args, report) => {
                for (const resource of args.resources) {
                    if (services.includes(resource.type) && !resource.opts.ignoreChanges.includes("traffics")) {
                        report("traffic", resource.urn);
                    }
                }
            },
        },
        {
            name: "worst-case-cost", description: "worst-case-cost", enforcementLevel: "mandatory",
            validateStack: (args, report) => {
                let sum = 0;
                for (const resource of args.resources) {
                    if (services.includes(resource.type)) {
                        sum += (resource.props.template?.scaling?.maxInstanceCount ?? 1000) * 66;
                    }
                }
                if (sum > 150) {
                    report(`USD ${sum}`);
                }
            },
        },
        {
            name: "separation-of-duties", description: "separation-of-duties", enforcementLevel: "mandatory",
            validateStack: (args, report) => {
                const admins = new Set(args.resources.filter(r => r.props.role === "roles/iam.serviceAccountAdmin").map(r => r.props.member));
                for (const resource of args.resources) {
                    if (resource.props.role === "roles/iam.serviceAccountUser" && admins.has(resource.props.member)) {
                        report("duties", resource.urn);
                    }
                }
            },
        },
    ],
});
