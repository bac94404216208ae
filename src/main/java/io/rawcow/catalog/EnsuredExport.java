package io.rawcow.catalog;

/** @param created false if the export was there before */
public record EnsuredExport(ExportView export, boolean created) {}
