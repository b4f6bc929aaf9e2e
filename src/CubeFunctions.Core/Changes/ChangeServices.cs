using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Changes;

/// <summary>Registers change detection.</summary>
internal static class ChangeServices
{
    public static IServiceCollection AddChanges(this IServiceCollection services) =>
        services
            .AddSingleton<ChangeStore>()
            .AddSingleton<RecordLookup>()
            .AddSingleton<MassDeletionGuard>()
            .AddSingleton<IJanitorTask>(provider => provider.GetRequiredService<MassDeletionGuard>())
            .AddSingleton<CustomerReader>()
            .AddSingleton<DeletionCheck>()
            .AddSingleton<CustomerLookup>()
            .AddSingleton<Echoes>()
            .AddSingleton<ChangeFiles>()
            .AddSingleton<BaselineExpander>()
            .AddSingleton<ChangeDetector>();
}
