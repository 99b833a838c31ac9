package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var sqlHardening = crossguard.Policy{
	Name:        "sql-hardening",
	Description: "A database has no public address, accepts only TLS, can be restored to any minute, and cannot be deleted by accident.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   cis("6.4", "Ensure that the Cloud SQL database instance requires all incoming connections to use SSL"),
	Tags:        []string{"security", "database", "CIS 6.5", "CIS 6.6", "CIS 6.7"},
	RemediationSteps: "Set settings.ipConfiguration.ipv4Enabled to false, sslMode to ENCRYPTED_ONLY, " +
		"settings.backupConfiguration.enabled to true, and leave deletionProtection, settings.deletionProtectionEnabled and " +
		"settings.backupConfiguration.pointInTimeRecoveryEnabled at true.",
	Types: slices.Concat([]string{database, alloyInstance, alloyCluster, redis, redisCluster, memorystore}, otherDatabases),
	Check: func(r *crossguard.Resource) {
		checkDeletion(r)
		if slices.Contains(otherDatabases, r.Type) {
			return
		}
		switch r.Type {
		case alloyInstance:
			checkAlloyInstance(r)
			return
		case redis:
			if mode := r.StringOr("transitEncryptionMode", "DISABLED"); mode != "SERVER_AUTHENTICATION" {
				r.Violation("transitEncryptionMode is %s: set it to SERVER_AUTHENTICATION", mode)
			}
			if !r.BoolOr("authEnabled", false) {
				r.Violation("authEnabled is not true: set it")
			}
			return
		case alloyCluster:
			for _, path := range []string{"automatedBackupPolicy.enabled", "continuousBackupConfig.enabled"} {
				if !r.BoolOr(path, true) {
					r.Violation("%s is false: remove it", path)
				}
			}
			return
		case redisCluster, memorystore:
			checkCluster(r)
			return
		}
		if r.BoolOr("settings.ipConfiguration.ipv4Enabled", true) { // the API's default is a public address
			r.Violation("settings.ipConfiguration.ipv4Enabled is not false: set it, and use a private network")
		}
		r.Each("settings.ipConfiguration.authorizedNetworks", func(network crossguard.Object) {
			if cidr := network.StringOr("value", ""); isEverybody(cidr) {
				r.Violation("%s is %s, which is everybody: remove it", network.Path("value"), cidr)
			}
		})
		if mode := r.StringOr("settings.ipConfiguration.sslMode", "absent"); mode != "ENCRYPTED_ONLY" && mode != clientCertificate {
			r.Violation("settings.ipConfiguration.sslMode is %s: set it to ENCRYPTED_ONLY", mode)
		}
		if r.StringOr("masterInstanceName", "") == "" && !r.BoolOr("settings.backupConfiguration.enabled",
			false) { // a replica is backed up through its primary
			r.Violation("settings.backupConfiguration.enabled is not true: set it")
		}
		checkInstanceData(r)
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type != database {
			return
		}
		if mode := r.StringOr("settings.ipConfiguration.sslMode", ""); mode != "ENCRYPTED_ONLY" && mode != clientCertificate {
			r.Set("settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY")
		}
		if r.StringOr("masterInstanceName", "") == "" && !r.BoolOr("settings.backupConfiguration.enabled",
			false) { // a replica is backed up through its primary
			r.Set("settings.backupConfiguration.enabled", true)
		}
		if !r.BoolOr("deletionProtection", true) {
			r.Set("deletionProtection", true)
		}
	},
}

// otherDatabases are the types of which the rule checks only that nobody deletes them by accident.
var otherDatabases = []string{spannerInstance, spannerDatabase, bigtableInstance, firestoreDatabase, oracleDatabase}

// protectedBy maps types to the property that protects a database. Each is true by default.
var protectedBy = map[string]string{database: "deletionProtection", spannerDatabase: "deletionProtection",
	bigtableInstance: "deletionProtection", oracleDatabase: "deletionProtection", redisCluster: "deletionProtectionEnabled",
	memorystore: "deletionProtectionEnabled"}

// checkDeletion refuses to switch off what protects a database from deletion, or what protects the data in it.
func checkDeletion(r *crossguard.Resource) {
	if path := protectedBy[r.Type]; path != "" && !r.BoolOr(path, true) {
		r.Violation("%s is false: remove it", path)
	}
	if (r.Type == spannerInstance || r.Type == bigtableInstance) && r.BoolOr("forceDestroy", false) {
		r.Violation("forceDestroy is true, so deleting the instance deletes its backups: remove it")
	}
	switch r.Type {
	case alloyCluster:
		if r.StringOr("deletionPolicy", "DEFAULT") == "FORCE" {
			r.Violation("deletionPolicy is FORCE, so deleting the cluster deletes its instances: remove it")
		}
	case firestoreDatabase:
		state := r.StringOr("deleteProtectionState", "")
		if state == "DELETE_PROTECTION_DISABLED" || state == "" && r.StringOr("deletionPolicy", "ABANDON") == "DELETE" {
			r.Violation("deleteProtectionState is not DELETE_PROTECTION_ENABLED: set it")
		}
	}
}

// checkInstanceData refuses to switch off the protections against a person's or a program's mistake: the logs between backups,
// and Google's own deletion protection, which holds for every client. An instance that does not set these options passes, because
// they are newer than some instances.
func checkInstanceData(r *crossguard.Resource) {
	for _, off := range []struct{ path, then string }{
		{"settings.backupConfiguration.pointInTimeRecoveryEnabled", "a mistake loses up to a day"},
		{"settings.backupConfiguration.binaryLogEnabled", "a mistake loses up to a day"}, // MySQL's name for it
		{"settings.deletionProtectionEnabled", "anybody with the permission can delete the data at once"},
	} {
		if strings.HasSuffix(off.path, "binaryLogEnabled") && !strings.HasPrefix(r.StringOr("databaseVersion", ""), "MYSQL") {
			continue
		}
		if !r.BoolOr(off.path, true) {
			r.Violation("%s is false, so %s: set it to true", off.path, off.then)
		}
	}
}

const clientCertificate = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"

const (
	redis         = "gcp:redis/instance:Instance"
	redisCluster  = "gcp:redis/cluster:Cluster"
	memorystore   = "gcp:memorystore/instance:Instance"
	alloyInstance = "gcp:alloydb/instance:Instance"
	alloyCluster  = "gcp:alloydb/cluster:Cluster"

	spannerInstance   = "gcp:spanner/instance:Instance"
	spannerDatabase   = "gcp:spanner/database:Database"
	bigtableInstance  = "gcp:bigtable/instance:Instance"
	firestoreDatabase = "gcp:firestore/database:Database"
	oracleDatabase    = "gcp:oracledatabase/autonomousDatabase:AutonomousDatabase"
)

// checkCluster checks a cluster of Redis or Valkey. Both settings are off by default, and the two types have different words for them.
func checkCluster(r *crossguard.Resource) {
	if mode := r.StringOr("authorizationMode", "absent"); !strings.HasSuffix(mode, "IAM_AUTH") {
		r.Violation("authorizationMode is %s: set it to IAM_AUTH (AUTH_MODE_IAM_AUTH for gcp.redis.Cluster)", mode)
	}
	if mode := r.StringOr("transitEncryptionMode", "absent"); !strings.HasSuffix(mode, "SERVER_AUTHENTICATION") {
		r.Violation("transitEncryptionMode is %s: set it to SERVER_AUTHENTICATION (TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION for "+
			"gcp.redis.Cluster)", mode)
	}
}

// checkAlloyInstance checks an instance of AlloyDB. By default it has no public address and accepts only TLS.
func checkAlloyInstance(r *crossguard.Resource) {
	if r.BoolOr("networkConfig.enablePublicIp", false) {
		r.Violation("networkConfig.enablePublicIp is true: remove it, and use a private network")
	}
	if mode := r.StringOr("clientConnectionConfig.sslConfig.sslMode", "ENCRYPTED_ONLY"); mode != "ENCRYPTED_ONLY" {
		r.Violation("clientConnectionConfig.sslConfig.sslMode is %s: set it to ENCRYPTED_ONLY", mode)
	}
	r.Each("networkConfig.authorizedExternalNetworks", func(network crossguard.Object) {
		if cidr := network.StringOr("cidrRange", ""); isEverybody(cidr) {
			r.Violation("%s is %s, which is everybody: remove it", network.Path("cidrRange"), cidr)
		}
	})
}

// isEverybody reports whether a network is the whole internet or half of it. Two halves would together be the whole.
func isEverybody(cidr string) bool {
	_, bits, _ := strings.Cut(strings.TrimSpace(cidr), "/")
	n, err := strconv.Atoi(bits)
	return err == nil && n < 8
}
