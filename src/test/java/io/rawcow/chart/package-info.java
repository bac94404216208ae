/**
 * The Helm chart as Kubernetes would take it: what it renders is held to Kubernetes' own models, and the example pod
 * runs as processes. {@code scripts/chart.sh} has the part that needs Helm alone.
 */
package io.rawcow.chart;
