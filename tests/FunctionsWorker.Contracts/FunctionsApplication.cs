using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Microsoft.Azure.Functions.Worker.Builder
{
    /// <summary>Makes builders of worker hosts.</summary>
    public static class FunctionsApplication
    {
        public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(Host.CreateApplicationBuilder(args));
    }

    /// <summary>Builds a worker host.</summary>
    public class FunctionsApplicationBuilder(HostApplicationBuilder inner) : IHostApplicationBuilder
    {
        public IConfigurationManager Configuration => inner.Configuration;

        public IHostEnvironment Environment => inner.Environment;

        public ILoggingBuilder Logging => inner.Logging;

        public IMetricsBuilder Metrics => inner.Metrics;

        public IServiceCollection Services => inner.Services;

        public IDictionary<object, object> Properties => ((IHostApplicationBuilder)inner).Properties;

        public IHost Build() => inner.Build();

        public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
            where TContainerBuilder : notnull => inner.ConfigureContainer(factory, configure);
    }
}

namespace Microsoft.Extensions.Hosting
{
    /// <summary>The ASP.NET Core integration.</summary>
    public static class FunctionsHostBuilderExtensions
    {
        public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => builder;
    }
}

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry
{
    /// <summary>The worker's part of the host's telemetry.</summary>
    public static class ConfigureFunctionsOpenTelemetry
    {
        public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder) => builder;
    }
}
