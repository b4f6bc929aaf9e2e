using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Persons;

/// <summary>Registers what is known of erased persons.</summary>
internal static class PersonServices
{
    public static IServiceCollection AddPersons(this IServiceCollection services) =>
        services.AddSingleton<TombstoneStore>().AddSingleton<ErasedPersons>();
}
