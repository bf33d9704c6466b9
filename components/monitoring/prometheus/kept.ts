/**
 * The metrics of each job that alerts and dashboards ask for, where a job has more: those of kube-state-metrics are not
 * even made, of the others the rest is dropped before it is stored. What is added here is paid for once a workspace, a
 * node or a container.
 */
export const kept = {
  "kubernetes-apiserver": [
    "apiserver_request_total",
    "apiserver_storage_objects",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
  ],
  kubelet: [
    "kubelet_running_pods",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "kubelet_volume_stats_inodes",
    "kubelet_volume_stats_inodes_free",
    "kubelet_volume_stats_used_bytes",
  ],
  "kubelet-probes": ["prober_probe_total"],
  cadvisor: [
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_cpu_usage_seconds_total",
    "container_fs_reads_bytes_total",
    "container_fs_writes_bytes_total",
    "container_memory_working_set_bytes",
    "container_network_receive_bytes_total",
    "container_network_transmit_bytes_total",
    "container_oom_events_total",
  ],
  "kube-state-metrics": [
    "kube_cronjob_next_schedule_time",
    "kube_cronjob_status_last_schedule_time",
    "kube_cronjob_status_last_successful_time",
    "kube_deployment_spec_replicas",
    "kube_deployment_status_condition",
    "kube_deployment_status_replicas_available",
    "kube_namespace_labels",
    "kube_node_info",
    "kube_node_spec_unschedulable",
    "kube_node_status_allocatable",
    "kube_node_status_condition",
    "kube_persistentvolumeclaim_resource_requests_storage_bytes",
    "kube_pod_container_resource_limits",
    "kube_pod_container_resource_requests",
    "kube_pod_container_status_last_terminated_reason",
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_status_waiting_reason",
    "kube_pod_created",
    "kube_pod_init_container_status_waiting_reason",
    "kube_pod_status_phase",
    "kube_pod_status_ready_time",
    "kube_resourcequota",
    "kube_statefulset_replicas",
    "kube_statefulset_status_replicas_ready",
  ],
  postgres: ["pg_database_size_bytes", "pg_settings_max_connections", "pg_stat_activity_count"],
  valkey: ["redis_db_keys", "redis_evicted_keys_total", "redis_memory_max_bytes", "redis_memory_used_bytes"],
} as const satisfies Record<string, readonly string[]>;

export type KeptJob = keyof typeof kept;
